/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/package_rpm.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "base/cleanup.h"

#define ENTRY_SIZE  16u
#define MAX_ENTRIES 65536u
#define MAX_BLOB    (64 << 20)
/* Of SQLite's virtual machine: a row takes about ten. */
#define STEPS_A_LOOK 10000
#define MAX_STEPS    20000000u

enum rpm_tag {
	RPM_NAME = 1000,
	RPM_VERSION = 1001,
	RPM_RELEASE = 1002,
	RPM_EPOCH = 1003,
	RPM_VENDOR = 1011,
	RPM_LICENCE = 1014,
	RPM_ARCHITECTURE = 1022,
	RPM_SOURCE = 1044,
};
enum rpm_type { RPM_INT32 = 4, RPM_STRING = 6, RPM_I18N_STRING = 9 };

struct header {
	const uint8_t *entries;
	uint32_t entry_count;
	const uint8_t *values;
	uint32_t value_size;
};

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool read_header(const uint8_t *bytes, size_t size, struct header *ret, struct error *err)
{
	if (size < 8)
		return error_set(err, ERROR_CORRUPT, "a header of RPM's database is cut short");
	*ret = (struct header){.entries = bytes + 8,
			       .entry_count = read_u32(bytes),
			       .value_size = read_u32(bytes + 4)};
	uint64_t values_at = 8 + (uint64_t)ret->entry_count * ENTRY_SIZE;
	if (ret->entry_count > MAX_ENTRIES || values_at + ret->value_size > size)
		return error_set(err, ERROR_CORRUPT, "a header of RPM's database is malformed");
	ret->values = bytes + values_at;
	return true;
}

/* Where a tag's value begins, and how many bytes there are from there on; NULL: it has none. */
static const uint8_t *find(const struct header *header, enum rpm_tag tag, uint32_t *ret_type,
			   size_t *ret_size)
{
	for (uint32_t i = 0; i < header->entry_count; i++) {
		const uint8_t *entry = header->entries + (size_t)i * ENTRY_SIZE;
		uint32_t offset = read_u32(entry + 8);
		if (read_u32(entry) != (uint32_t)tag || offset >= header->value_size)
			continue;
		*ret_type = read_u32(entry + 4);
		*ret_size = header->value_size - offset;
		return header->values + offset;
	}
	return NULL;
}

/* Owned; NULL: there is none, or it is no text. */
static char *text_of(const struct header *header, enum rpm_tag tag)
{
	uint32_t type;
	size_t size;
	const uint8_t *at = find(header, tag, &type, &size);

	if (at == NULL || (type != RPM_STRING && type != RPM_I18N_STRING) ||
	    memchr(at, '\0', size) == NULL)
		return NULL;
	return xstrdup((const char *)at);
}

/* "EPOCH:VERSION-RELEASE" */
static char *version_of(const struct header *header)
{
	uint32_t type;
	size_t size;
	const uint8_t *epoch = find(header, RPM_EPOCH, &type, &size);
	AUTO_FREE char *version = text_of(header, RPM_VERSION);
	AUTO_FREE char *release = text_of(header, RPM_RELEASE);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (version == NULL)
		return NULL;
	if (epoch != NULL && type == RPM_INT32 && size >= 4)
		strbuf_appendf(&out, "%" PRIu32 ":", read_u32(epoch));
	strbuf_append(&out, version);
	if (release != NULL)
		strbuf_appendf(&out, "-%s", release);
	return strbuf_take(&out);
}

/* "openssl-3.0.7-27.el9.src.rpm": the name goes up to the second dash from behind. */
static char *source_of(const struct header *header)
{
	char *text = text_of(header, RPM_SOURCE);

	for (int i = 0; text != NULL && i < 2; i++) {
		char *dash = strrchr(text, '-');
		if (dash != NULL)
			*dash = '\0';
	}
	return text;
}

bool package_rpm_read_header(const void *bytes, size_t size, struct package *ret, struct error *err)
{
	struct header header;

	if (!read_header(bytes, size, &header, err))
		return false;
	*ret = (struct package){.type = PACKAGE_RPM,
				.name = text_of(&header, RPM_NAME),
				.version = version_of(&header),
				.architecture = text_of(&header, RPM_ARCHITECTURE),
				.licence = text_of(&header, RPM_LICENCE),
				.supplier = text_of(&header, RPM_VENDOR),
				.source = source_of(&header)};
	return true;
}

static bool read_row(sqlite3_stmt *row, struct package_list *list, struct error *err)
{
	struct package package = {0};
	int size = sqlite3_column_bytes(row, 0);

	if (list->count >= PACKAGES_MAX)
		return error_set(err, ERROR_FULL, "more than %u packages", PACKAGES_MAX);
	if (!package_rpm_read_header(sqlite3_column_blob(row, 0), size > 0 ? (size_t)size : 0,
				     &package, err))
		return false;
	if (package.name != NULL && strcmp(package.name, "gpg-pubkey") == 0)
		package_clear(&package);
	package_list_take(list, &package);
	return true;
}

static bool set_sqlite_error(sqlite3 *database, struct error *err)
{
	return error_set(err, ERROR_CORRUPT, "RPM's database cannot be read: %s",
			 sqlite3_errmsg(database));
}

/* A view of that name would run whatever its author wrote. */
static bool has_table(sqlite3 *database)
{
	sqlite3_stmt *row = NULL;
	int code = sqlite3_prepare_v2(database,
				      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND "
				      "name = 'Packages' AND sql NOT LIKE '%VIRTUAL%'",
				      -1, &row, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	(void)sqlite3_finalize(row);
	return code == SQLITE_ROW;
}

/* What else may be an expression (a generated column) ends by the number of its steps. */
static int count_steps(void *arg)
{
	unsigned *count = arg;

	return ++*count > MAX_STEPS / STEPS_A_LOOK;
}

static bool read_rows(sqlite3 *database, struct package_list *list, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	bool is_read = true;
	unsigned steps = 0;

	if (!has_table(database))
		return error_set(err, ERROR_CORRUPT,
				 "RPM's database cannot be read: it has no table of packages");
	(void)sqlite3_limit(database, SQLITE_LIMIT_LENGTH, MAX_BLOB);
	sqlite3_progress_handler(database, STEPS_A_LOOK, count_steps, &steps);
	int code = sqlite3_prepare_v2(database, "SELECT blob FROM Packages", -1, &rows, NULL);

	while (code == SQLITE_OK && is_read && (code = sqlite3_step(rows)) == SQLITE_ROW) {
		is_read = read_row(rows, list, err);
		code = SQLITE_OK;
	}
	if (is_read && code != SQLITE_DONE)
		is_read = set_sqlite_error(database, err);
	(void)sqlite3_finalize(rows);
	return is_read;
}

bool package_rpm_read(const void *bytes, size_t size, struct package_list *ret, struct error *err)
{
	/* A database in write-ahead mode cannot be opened from memory: its two bytes that say so. */
	AUTO_FREE uint8_t *copy = xmalloc(size + 1);
	sqlite3 *database = NULL;

	memcpy(copy, bytes, size);
	if (size > 19 && copy[18] == 2 && copy[19] == 2)
		copy[18] = copy[19] = 1;
	int code = sqlite3_open_v2(":memory:", &database, SQLITE_OPEN_READWRITE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_deserialize(database, "main", copy, (sqlite3_int64)size,
					   (sqlite3_int64)size, SQLITE_DESERIALIZE_READONLY);
	bool is_read =
		code == SQLITE_OK ? read_rows(database, ret, err) : set_sqlite_error(database, err);
	(void)sqlite3_close(database);
	return is_read;
}
