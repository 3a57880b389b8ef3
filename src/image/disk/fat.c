/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/fat.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "image/disk/gpt.h"

#define RESERVED_SECTORS 4u
#define FAT_COUNT	 2u
#define ROOT_ENTRIES	 512u
#define ENTRY_SIZE	 32u
#define CLUSTERS_MIN	 4085u	/* fewer is FAT12 */
#define CLUSTERS_MAX	 65524u /* more is FAT32 */
#define CLUSTER_MIN	 2048u
#define CLUSTER_MAX	 32768u
#define LAST_CLUSTER	 0xffffu
#define DATE_1980	 0x0021u
#define ATTRIBUTE_FOLDER 0x10u
#define ATTRIBUTE_FILE	 0x20u
#define ATTRIBUTE_LONG	 0x0fu
#define LONG_CHARACTERS	 13u
#define FOLDERS_MAX	 16u
#define NAME_MAX_BYTES	 64u

/* A folder while it is filled; its entries fit into one cluster (the root has its own place). */
struct folder {
	char path[NAME_MAX_BYTES];
	uint8_t *at; /* in head */
	size_t used;
	size_t size;
	uint16_t cluster; /* 0: the root */
	unsigned alias_count;
};

struct maker {
	struct fat_layout *layout;
	struct folder folders[FOLDERS_MAX];
	size_t folder_count;
	uint32_t cluster_size;
	uint32_t cluster_count;
	uint32_t fat_sectors;
	uint64_t data_offset; /* of cluster 2 */
	uint16_t next_cluster;
};

void fat_layout_clear(struct fat_layout *layout)
{
	free(layout->head);
	*layout = (struct fat_layout){0};
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint64_t clusters_for(uint64_t bytes, uint32_t cluster_size)
{
	return (bytes + cluster_size - 1) / cluster_size;
}

static uint8_t *fat_entry(struct maker *maker, size_t table, uint16_t cluster)
{
	return maker->layout->head +
	       (RESERVED_SECTORS + table * maker->fat_sectors) * (size_t)SECTOR_SIZE +
	       2 * (size_t)cluster;
}

/* Takes `count` clusters in a row; returns the first. */
static uint16_t take_clusters(struct maker *maker, uint64_t count)
{
	uint16_t first = maker->next_cluster;
	for (uint64_t i = 0; i < count; i++) {
		uint16_t cluster = (uint16_t)(first + i);
		uint16_t next = i + 1 < count ? (uint16_t)(cluster + 1) : LAST_CLUSTER;
		for (size_t table = 0; table < FAT_COUNT; table++)
			bytes_put_u16(fat_entry(maker, table, cluster), next);
	}
	maker->next_cluster = (uint16_t)(first + count);
	return first;
}

static bool is_short_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The 8.3 form; *ret_is_exact when it says all of the name, but for the case of the letters. */
static void short_name(const char *name, unsigned alias, uint8_t out[11], bool *ret_is_exact)
{
	const char *dot = strrchr(name, '.');
	size_t stem = dot == NULL ? strlen(name) : (size_t)(dot - name);
	size_t extension = dot == NULL ? 0 : strlen(dot + 1);
	memset(out, ' ', 11);
	*ret_is_exact = stem <= 8 && extension <= 3;
	size_t kept = *ret_is_exact ? stem : stem < 6 ? stem : 6;
	for (size_t i = 0; i < kept; i++) {
		char c = (char)toupper((unsigned char)name[i]);
		out[i] = (uint8_t)(is_short_character(c) ? c : '_');
	}
	for (size_t i = 0; i < extension && i < 3; i++) {
		char c = (char)toupper((unsigned char)dot[1 + i]);
		out[8 + i] = (uint8_t)(is_short_character(c) ? c : '_');
	}
	if (!*ret_is_exact) {
		out[kept] = '~';
		out[kept + 1] = (uint8_t)('0' + alias % 10);
	}
}

static bool is_upper_case(const char *name)
{
	for (; *name != '\0'; name++)
		if (islower((unsigned char)*name))
			return false;
	return true;
}

static uint8_t short_checksum(const uint8_t name[11])
{
	uint8_t sum = 0;
	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + name[i]);
	return sum;
}

/* One slot of a long name: characters 13·(index-1) … of it. */
static void put_long_slot(uint8_t *at, const char *name, size_t index, bool is_last,
			  uint8_t checksum)
{
	static const uint8_t places[LONG_CHARACTERS] = {1,  3,	5,  7,	9,  14, 16,
							18, 20, 22, 24, 28, 30};
	size_t length = strlen(name), start = (index - 1) * LONG_CHARACTERS;
	at[0] = (uint8_t)(index | (is_last ? 0x40 : 0));
	at[11] = ATTRIBUTE_LONG;
	at[13] = checksum;
	for (size_t i = 0; i < LONG_CHARACTERS; i++) {
		size_t character = start + i;
		uint16_t unit = character < length    ? (uint16_t)(unsigned char)name[character]
				: character == length ? 0
						      : 0xffff;
		bytes_put_u16(at + places[i], unit);
	}
}

static void put_short_entry(uint8_t *at, const uint8_t name[11], uint8_t attribute,
			    uint16_t cluster, uint32_t size)
{
	memcpy(at, name, 11);
	at[11] = attribute;
	bytes_put_u16(at + 16, DATE_1980);
	bytes_put_u16(at + 18, DATE_1980);
	bytes_put_u16(at + 24, DATE_1980);
	bytes_put_u16(at + 26, cluster);
	bytes_put_u32(at + 28, size);
}

static bool add_entry(struct folder *folder, const char *name, uint8_t attribute, uint16_t cluster,
		      uint32_t size, struct error *err)
{
	uint8_t alias[11];
	bool is_exact;
	short_name(name, folder->alias_count + 1, alias, &is_exact);
	if (!is_exact && ++folder->alias_count > 9)
		return error_set(err, ERROR_INVALID, "too many long names on the boot partition");
	size_t slots = is_exact && is_upper_case(name)
			       ? 0
			       : (strlen(name) + LONG_CHARACTERS - 1) / LONG_CHARACTERS;
	if (folder->used + (slots + 1) * ENTRY_SIZE > folder->size)
		return error_set(err, ERROR_INVALID, "too many files on the boot partition");
	for (size_t slot = slots; slot > 0; slot--) {
		put_long_slot(folder->at + folder->used, name, slot, slot == slots,
			      short_checksum(alias));
		folder->used += ENTRY_SIZE;
	}
	put_short_entry(folder->at + folder->used, alias, attribute, cluster, size);
	folder->used += ENTRY_SIZE;
	return true;
}

static struct folder *find_folder(struct maker *maker, const char *path, size_t size)
{
	for (size_t i = 0; i < maker->folder_count; i++)
		if (strlen(maker->folders[i].path) == size &&
		    strncmp(maker->folders[i].path, path, size) == 0)
			return &maker->folders[i];
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static struct folder *parent_folder(struct maker *maker, const char *path)
{
	const char *name = base_name(path);
	return find_folder(maker, path, name == path ? 0 : (size_t)(name - path - 1));
}

/* Notes each folder on the way to path; parents come before children. */
static bool note_folders(struct maker *maker, const char *path, struct error *err)
{
	if (strlen(path) >= NAME_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "'%s' is too long a name", path);
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t size = (size_t)(slash - path);
		if (find_folder(maker, path, size) != NULL)
			continue;
		if (maker->folder_count == FOLDERS_MAX)
			return error_set(err, ERROR_INVALID, "too many folders");
		memcpy(maker->folders[maker->folder_count++].path, path, size);
	}
	return true;
}

/* Chooses cluster and table sizes so that the cluster count says FAT16. */
static bool choose_geometry(struct maker *maker, const struct fat_file *files, size_t file_count,
			    const struct fat_options *options, struct error *err)
{
	for (uint32_t cluster = CLUSTER_MIN; cluster <= CLUSTER_MAX; cluster *= 2) {
		uint64_t needed = maker->folder_count - 1;
		for (size_t i = 0; i < file_count; i++)
			needed += clusters_for(files[i].size, cluster);
		if (needed < CLUSTERS_MIN)
			needed = CLUSTERS_MIN;
		uint64_t fat_sectors = (2 * (CLUSTERS_MAX + 2) + SECTOR_SIZE - 1) / SECTOR_SIZE;
		uint64_t data = round_up((RESERVED_SECTORS + FAT_COUNT * fat_sectors) *
							 (uint64_t)SECTOR_SIZE +
						 ROOT_ENTRIES * (uint64_t)ENTRY_SIZE,
					 SECTOR_SIZE);
		uint64_t size = round_up(data + needed * cluster, options->alignment);
		uint64_t count = (size - data) / cluster;
		if (count > CLUSTERS_MAX)
			continue;
		maker->cluster_size = cluster;
		maker->cluster_count = (uint32_t)count;
		maker->fat_sectors = (uint32_t)fat_sectors;
		maker->data_offset = data;
		maker->layout->size = size;
		return true;
	}
	return error_set(err, ERROR_INVALID, "kernel and initrd do not fit: %u MiB at most",
			 CLUSTERS_MAX * (CLUSTER_MAX >> 10) >> 10);
}

static void put_boot_sector(struct maker *maker, const struct fat_options *options)
{
	uint8_t *at = maker->layout->head;
	uint64_t sectors = maker->layout->size / SECTOR_SIZE;
	memcpy(at, "\xeb\x3c\x90", 3);
	memcpy(at + 3, "I2KIT   ", 8);
	bytes_put_u16(at + 11, SECTOR_SIZE);
	at[13] = (uint8_t)(maker->cluster_size / SECTOR_SIZE);
	bytes_put_u16(at + 14, RESERVED_SECTORS);
	at[16] = FAT_COUNT;
	bytes_put_u16(at + 17, ROOT_ENTRIES);
	bytes_put_u16(at + 19, sectors < 65536 ? (uint16_t)sectors : 0);
	at[21] = 0xf8; /* fixed disk */
	bytes_put_u16(at + 22, (uint16_t)maker->fat_sectors);
	bytes_put_u16(at + 24, 63);  /* sectors of a track and … */
	bytes_put_u16(at + 26, 255); /* … heads, as every BIOS pretends */
	bytes_put_u32(at + 28, (uint32_t)(options->partition_offset / SECTOR_SIZE));
	bytes_put_u32(at + 32, sectors < 65536 ? 0 : (uint32_t)sectors);
	at[36] = 0x80; /* first fixed disk */
	at[38] = 0x29; /* the three fields below are there */
	bytes_put_u32(at + 39, options->serial);
	memcpy(at + 43, "NO NAME    FAT16   ", 19);
	at[510] = 0x55;
	at[511] = 0xaa;
	for (size_t table = 0; table < FAT_COUNT; table++) {
		bytes_put_u16(fat_entry(maker, table, 0), 0xfff8);
		bytes_put_u16(fat_entry(maker, table, 1), LAST_CLUSTER);
	}
}

static bool make_folders(struct maker *maker, struct error *err)
{
	uint8_t *head = maker->layout->head;
	struct folder *root = &maker->folders[0];
	root->size = ROOT_ENTRIES * (size_t)ENTRY_SIZE;
	root->at = head + maker->data_offset - root->size;
	for (size_t i = 1; i < maker->folder_count; i++) {
		struct folder *folder = &maker->folders[i];
		struct folder *parent = parent_folder(maker, folder->path);
		folder->cluster = take_clusters(maker, 1);
		folder->size = maker->cluster_size;
		folder->at = head + maker->data_offset +
			     (folder->cluster - 2u) * (size_t)maker->cluster_size;
		put_short_entry(folder->at, (const uint8_t *)".          ", ATTRIBUTE_FOLDER,
				folder->cluster, 0);
		put_short_entry(folder->at + ENTRY_SIZE, (const uint8_t *)"..         ",
				ATTRIBUTE_FOLDER, parent->cluster, 0);
		folder->used = 2 * (size_t)ENTRY_SIZE;
		if (!add_entry(parent, base_name(folder->path), ATTRIBUTE_FOLDER, folder->cluster,
			       0, err))
			return false;
	}
	return true;
}

static bool place_files(struct maker *maker, struct fat_file *files, size_t file_count,
			struct error *err)
{
	for (size_t i = 0; i < file_count; i++) {
		struct fat_file *file = &files[i];
		uint16_t cluster = 0;
		if (file->size > 0)
			cluster =
				take_clusters(maker, clusters_for(file->size, maker->cluster_size));
		file->offset = maker->data_offset +
			       (cluster == 0 ? 0 : cluster - 2u) * (uint64_t)maker->cluster_size;
		maker->layout->data_used = file->offset + file->size;
		if (!add_entry(parent_folder(maker, file->path), base_name(file->path),
			       ATTRIBUTE_FILE, cluster, (uint32_t)file->size, err))
			return false;
	}
	return true;
}

bool fat_make(struct fat_file *files, size_t file_count, const struct fat_options *options,
	      struct fat_layout *ret, struct error *err)
{
	AUTO(fat_layout_clear) struct fat_layout layout = {0};
	struct maker maker = {.layout = &layout, .folder_count = 1, .next_cluster = 2};
	for (size_t i = 0; i < file_count; i++) {
		if (!note_folders(&maker, files[i].path, err))
			return false;
		if (files[i].size > UINT32_MAX)
			return error_set(err, ERROR_INVALID, "'%s' is larger than 4 GiB",
					 files[i].path);
	}
	if (!choose_geometry(&maker, files, file_count, options, err))
		return false;
	layout.head_size =
		(size_t)maker.data_offset + (maker.folder_count - 1) * (size_t)maker.cluster_size;
	layout.head = xcalloc(1, layout.head_size);
	put_boot_sector(&maker, options);
	if (!make_folders(&maker, err) || !place_files(&maker, files, file_count, err))
		return false;
	*ret = layout;
	layout = (struct fat_layout){0};
	return true;
}

struct fat_geometry {
	uint64_t root_offset;
	uint64_t data_offset;
	uint32_t cluster_size;
	size_t root_entries;
};

static bool parse_boot_sector(const uint8_t *head, size_t size, struct fat_geometry *ret,
			      struct error *err)
{
	if (size < SECTOR_SIZE || head[510] != 0x55 || head[511] != 0xaa ||
	    bytes_get_u16(head + 11) != SECTOR_SIZE || head[13] == 0)
		return error_set(err, ERROR_INVALID, "the boot partition is no FAT file system");
	ret->root_offset =
		(bytes_get_u16(head + 14) + (uint64_t)head[16] * bytes_get_u16(head + 22)) *
		SECTOR_SIZE;
	ret->root_entries = bytes_get_u16(head + 17);
	ret->cluster_size = head[13] * SECTOR_SIZE;
	ret->data_offset = ret->root_offset + ret->root_entries * (uint64_t)ENTRY_SIZE;
	if (ret->root_entries == 0 || ret->data_offset > size)
		return error_set(err, ERROR_INVALID, "the boot partition was not made by i2kit");
	return true;
}

/* The characters of a long name's slot, put where they belong in `name`. */
static void get_long_slot(const uint8_t *at, char name[256])
{
	static const uint8_t places[LONG_CHARACTERS] = {1,  3,	5,  7,	9,  14, 16,
							18, 20, 22, 24, 28, 30};
	size_t index = at[0] & 0x3fu;
	for (size_t i = 0; i < LONG_CHARACTERS; i++) {
		size_t character = (index - 1) * LONG_CHARACTERS + i;
		uint16_t unit = bytes_get_u16(at + places[i]);
		if (index == 0 || character >= 255 || unit == 0xffff)
			continue;
		name[character] = unit < 0x80 ? (char)unit : '?';
	}
}

bool fat_find(const uint8_t *head, size_t size, const char *name, uint64_t *ret_offset,
	      uint64_t *ret_size, struct error *err)
{
	struct fat_geometry geometry = {0};
	char long_name[256] = "";
	if (!parse_boot_sector(head, size, &geometry, err))
		return false;
	for (size_t i = 0; i < geometry.root_entries; i++) {
		const uint8_t *at = head + geometry.root_offset + i * ENTRY_SIZE;
		if (at[0] == 0)
			break;
		if (at[11] == ATTRIBUTE_LONG) {
			get_long_slot(at, long_name);
			continue;
		}
		if (strcmp(long_name, name) == 0) {
			uint16_t cluster = bytes_get_u16(at + 26);
			*ret_offset =
				geometry.data_offset +
				(cluster < 2 ? 0 : cluster - 2u) * (uint64_t)geometry.cluster_size;
			*ret_size = bytes_get_u32(at + 28);
			return true;
		}
		memset(long_name, 0, sizeof(long_name));
	}
	return error_set(err, ERROR_NOT_FOUND, "the boot partition has no '%s'", name);
}
