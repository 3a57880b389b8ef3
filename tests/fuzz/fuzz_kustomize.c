/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three files of a kustomization's folder, divided by lines of "%%": kustomization.yaml, a resource
 * a.yaml and a patch p.yaml. What is built must be readable when it is written.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "fuzz.h"
#include "manifest/kustomize/build.h"
#include "manifest/problem.h"
#include "manifest/yaml_writer.h"

static char folder[64];

static void remove_folder(void)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)!path_remove_tree(folder, &err);
}

static void make_folder(void)
{
	if (folder[0] != '\0')
		return;
	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-fuzz-XXXXXX");
	if (mkdtemp(folder) == NULL)
		abort();
	(void)atexit(remove_folder);
}

/* The piece before the next "%%", into a file; what follows it is returned. */
static const char *write_piece(const char *text, const char *end, const char *name)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, name);
	const char *stop = text;
	while (stop + 4 <= end && memcmp(stop, "\n%%\n", 4) != 0)
		stop++;
	stop = stop + 4 <= end ? stop : end;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || !fd_write_all(fd, text, (size_t)(stop - text), &err))
		abort();
	return stop + 4 <= end ? stop + 4 : end;
}

static void must_read_back(const struct resource *resource)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct yaml_writer writer = {0};
	yaml_write_node(&writer, resource->root);
	if (writer.text.size > 0 && writer.text.size <= YAML_MAX_BYTES &&
	    (!yaml_read(writer.text.data, writer.text.size, &documents, &err) ||
	     documents.count != 1 || !tree_is_equal(documents.roots[0], resource->root))) {
		(void)fprintf(stderr, "%s\n%s\n", writer.text.data, err.message);
		abort();
	}
	yaml_writer_clear(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	AUTO(kustomizer_clear)
	struct kustomizer kustomizer = {.problems = &problems, .files = &files};
	AUTO(resource_list_clear) struct resource_list list = {0};
	const char *text = (const char *)bytes;

	make_folder();
	const char *next = write_piece(text, text + size, "kustomization.yaml");
	next = write_piece(next, text + size, "a.yaml");
	(void)write_piece(next, text + size, "p.yaml");
	AUTO_FREE char *path = path_join(folder, "kustomization.yaml");
	kustomization_build(&kustomizer, path, &list);
	for (size_t i = 0; problems.error_count == 0 && i < list.count; i++)
		must_read_back(&list.items[i]);
	return 0;
}
