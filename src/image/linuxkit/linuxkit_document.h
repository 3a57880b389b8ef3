/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_DOCUMENT_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_DOCUMENT_H

/*
 * A LinuxKit document (https://github.com/linuxkit/linuxkit/blob/master/docs/yaml.md): kernel,
 * init, onboot, onshutdown, services, files, volumes. Read as strictly as LinuxKit reads it: an
 * unknown key, a text where a number belongs, or a service named twice is an error with line and
 * column.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

/* All text is owned; NULL means "not given". */
struct linuxkit_kernel {
	char *image;
	char *cmdline;
	char *binary; /* default "kernel" */
	char *tar;    /* default "kernel.tar"; "" or "none": no tar */
	char *ucode;
};

/* An entry of onboot, onshutdown or services. */
struct linuxkit_component {
	char *name;
	char *image;
	char *json; /* the whole entry as one JSON object, for linuxkit_bundle.h */
	unsigned line;
};

struct linuxkit_component_list {
	struct linuxkit_component *items;
	size_t count;
};

struct linuxkit_file {
	char *path;
	char *contents;
	char *source;
	char *metadata; /* "json" or "yaml" */
	char *symlink;
	char *mode; /* octal */
	char *uid;  /* a number, "root" or a component's name */
	char *gid;
	bool is_directory;
	bool is_optional;
	unsigned line;
};

struct linuxkit_volume {
	char *name;
	char *image;
	bool is_read_only;
	char *format; /* NULL or "filesystem"; "oci" */
	unsigned line;
};

struct linuxkit_document {
	struct linuxkit_kernel kernel;
	struct string_list init;
	struct linuxkit_component_list onboot;
	struct linuxkit_component_list onshutdown;
	struct linuxkit_component_list services;
	struct linuxkit_file *files;
	size_t file_count;
	struct linuxkit_volume *volumes;
	size_t volume_count;
	char *json;		 /* the whole document, for files[].metadata */
	const char *oci_version; /* in bundles; NULL: what upstream says. Never of the text */
};
void linuxkit_document_clear(struct linuxkit_document *document);

/* name is for messages ("my.yml"). */
MUST_CHECK bool linuxkit_document_parse(const char *text, size_t size, const char *name,
					struct linuxkit_document *ret, struct error *err);

/*
 * The label org.mobyproject.config of a component's image, YAML or JSON: the same keys as a
 * component without name and image. *ret is one JSON object, owned.
 */
MUST_CHECK bool linuxkit_label_parse(const char *text, size_t size, char **ret, struct error *err);

const struct linuxkit_volume *linuxkit_document_find_volume(
	const struct linuxkit_document *document, const char *name);

/*
 * The number behind a uid or gid: a number, "" or "root" (0), or the name of a component: they
 * count from 100, onboot first, then onshutdown, then services.
 */
MUST_CHECK bool linuxkit_document_find_id(const struct linuxkit_document *document,
					  const char *text, uint32_t *ret, struct error *err);

#endif
