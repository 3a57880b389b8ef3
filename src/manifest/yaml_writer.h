/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_WRITER_H
#define I2KIT_MANIFEST_YAML_WRITER_H

/*
 * Writes block-style YAML. Text is quoted where it would otherwise be read as something else.
 *
 *	yaml_write_map(&writer, "metadata");
 *	yaml_write_text(&writer, "name", "web");
 *	yaml_write_end(&writer);
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/yaml_reader.h"

struct yaml_writer {
	struct strbuf text;
	unsigned depth;
	bool is_item;		     /* the next key stands behind a "- " */
	unsigned pending;	     /* maps that were begun and have no content yet */
	const char *pending_keys[8]; /* borrowed until then */
};

/* Whether text needs no quotes: it is read back as this text, wherever it stands. */
bool yaml_text_is_plain(const char *text);

void yaml_writer_clear(struct yaml_writer *writer);
void yaml_write_document(struct yaml_writer *writer); /* begins one */
/* A map or list below a key, until yaml_write_end(); one without content is left out. */
void yaml_write_map(struct yaml_writer *writer, const char *key);
void yaml_write_item(struct yaml_writer *writer); /* a map in a list, until yaml_write_end() */
void yaml_write_end(struct yaml_writer *writer);
/* A NULL value is left out. */
void yaml_write_text(struct yaml_writer *writer, const char *key, const char *value);
void yaml_write_textf(struct yaml_writer *writer, const char *key, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void yaml_write_number(struct yaml_writer *writer, const char *key, uint64_t value);
void yaml_write_mode(struct yaml_writer *writer, const char *key, unsigned mode); /* 0644 */
void yaml_write_bool(struct yaml_writer *writer, const char *key, bool value);
void yaml_write_empty_map(struct yaml_writer *writer, const char *key); /* key: {} */
void yaml_write_item_text(struct yaml_writer *writer, const char *value);
/* digits as they are */
void yaml_write_item_number(struct yaml_writer *writer, const char *digits);
/* Empty ones are left out. */
void yaml_write_texts(struct yaml_writer *writer, const char *key, const struct string_list *list);
void yaml_write_pairs(struct yaml_writer *writer, const char *key, const struct key_value *pairs,
		      size_t count);

/*
 * What a reader read, in the words it was written in: what is inside a map or a list that has
 * something. Aliases are written out; beyond YAML_WRITTEN_MAX bytes the rest is missing, which
 * writer->text.size tells.
 */
#define YAML_WRITTEN_MAX ((size_t)64 << 20)
void yaml_write_node(struct yaml_writer *writer, const struct yaml_node *node);

#endif
