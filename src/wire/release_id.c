/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/release_id.h"

bool release_id_equal(const struct release_id *a, const struct release_id *b)
{
	return digest_equal(&a->image, &b->image) && digest_equal(&a->config, &b->config);
}
