/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/pod_document.h"
#include "wire/release_document.h"

/* What one end takes, it can say, and the other end takes that: the second text is the first. */

static void check_pod(const uint8_t *bytes, size_t size)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(pod_image_clear) struct pod_image again = {0};
	if (!pod_document_read(bytes, size, "pod", &pod, NULL))
		return;
	AUTO_FREE char *text = pod_document_write(&pod, NULL);
	if (text == NULL || !pod_document_read(text, strlen(text), "pod", &again, NULL))
		abort();
	AUTO_FREE char *second = pod_document_write(&again, NULL);
	if (second == NULL || strcmp(text, second) != 0)
		abort();
}

static void check_release(const uint8_t *bytes, size_t size)
{
	AUTO(release_clear) struct release release = {0};
	AUTO(release_clear) struct release again = {0};
	if (!release_document_read(bytes, size, &release, NULL))
		return;
	AUTO_FREE char *text = release_document_write(&release, JSON_ASCII);
	if (!release_document_read(text, strlen(text), &again, NULL))
		abort();
	AUTO_FREE char *second = release_document_write(&again, JSON_ASCII);
	if (strcmp(text, second) != 0)
		abort();
}

static void check_hosts(const uint8_t *bytes, size_t size)
{
	AUTO(host_list_clear) struct host_list hosts = {0};
	AUTO(host_list_clear) struct host_list again = {0};
	if (!host_list_read(bytes, size, &hosts, NULL))
		return;
	AUTO_FREE char *text = host_list_write(&hosts);
	if (!host_list_read(text, strlen(text), &again, NULL))
		abort();
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] == 'r')
		check_release(bytes + 1, size - 1);
	else if (bytes[0] == 'p')
		check_pod(bytes + 1, size - 1);
	else
		check_hosts(bytes + 1, size - 1);
	return 0;
}
