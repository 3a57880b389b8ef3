/* SPDX-License-Identifier: Apache-2.0 */
/* What the process that reads images says, which may have been taken over by one. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "image/pod/image_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(image_message_clear) struct image_message message = {0};
	AUTO(image_message_clear) struct image_message again = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (!image_message_read(bytes, size, &message, NULL))
		return 0;
	image_message_write(&message, &out);
	if (!image_message_read(out.data, out.size, &again, NULL) || again.kind != message.kind ||
	    again.done != message.done || again.words.count != message.words.count ||
	    (again.texts[0] == NULL) != (message.texts[0] == NULL))
		abort();
	return 0;
}
