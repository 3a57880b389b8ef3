/* SPDX-License-Identifier: Apache-2.0 */
/* From OCI layouts to a disk, and the other ways round: verified, booted, exported, pruned. */
#include "image/layer/squashfs_writer.h"
#include "image/pod/image_build.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "image/disk/toc.h"
#include "image/oci/resolve.h"
#include "image/pod/disk_export.h"
#include "image/pod/disk_verify.h"
#include "image/pod/verify.h"
#include "test.h"
#include "wire/pod_document.h"

enum { TAR_MAX = 1 << 20, LAYERS_MAX = 3 };

static char *folder;
static char *base;
static struct store *store;

static void write_file(const char *name, const void *bytes, size_t size)
{
	AUTO_FREE char *path = path_join(base, name);
	assert_true(file_write_atomic(path, bytes, size, 0644, NULL));
}

static void describe_file(struct strbuf *index, const char *name, const void *bytes, size_t size)
{
	write_file(name, bytes, size);
	struct digest digest = sha256_digest(bytes, size);
	strbuf_appendf(index, "%s{\"name\":\"%s\",\"size\":%zu,\"digest\":\"%s\"}",
		       index->data[index->size - 1] == '[' ? "" : ",", name, size,
		       DIGEST_TEXT(&digest));
}

/* Boot loaders of nothing, but with the marks that syslinux' installer looks for. */
static void make_base(void)
{
	uint8_t program[10 * 512] = {0}, sector[512] = {0};
	AUTO(strbuf_clear) struct strbuf index = STRBUF_INIT;
	AUTO_FREE char *boot = path_join(base, "boot");
	assert_true(path_make_folders(boot, 0755, NULL));
	bytes_put_u32(program + 24, 0x3eb202fe);
	bytes_put_u32(program + 24 + 12, 8 * 512 / 4);
	bytes_put_u16(program + 24 + 22, 100);
	bytes_put_u16(program + 100, 2000);
	bytes_put_u16(program + 110, 1000);
	bytes_put_u16(program + 112, 4);
	bytes_put_u16(program + 114, 0x11a);
	bytes_put_u16(program + 116, 0x120);
	strbuf_append(&index,
		      "{\"version\":1,\"name\":\"fake\",\"cmdline\":\"quiet\",\"kernel\":"
		      "\"vmlinuz\",\"initrd\":\"initrd\",\"base\":\"base.sqfs\",\"files\":[");
	describe_file(&index, "boot/ldlinux.sys", program, sizeof(program));
	describe_file(&index, "boot/ldlinux.bss", sector, sizeof(sector));
	describe_file(&index, "boot/ldlinux.c32", "c32", 3);
	describe_file(&index, "boot/bootx64.efi", "efi", 3);
	describe_file(&index, "boot/gptmbr.bin", sector, 440);
	describe_file(&index, "vmlinuz", "the kernel", 10);
	describe_file(&index, "initrd", "the initrd", 10);
	describe_file(&index, "base.sqfs", sector, sizeof(sector));
	strbuf_append(&index, "]}");
	write_file("base.json", index.data, index.size);
}

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-build-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	AUTO_FREE char *below = path_join(folder, "store");
	AUTO_FREE char *cache = path_join(folder, "cache");
	if (setenv("XDG_CACHE_HOME", cache, 1) != 0)
		return -1;
	base = path_join(folder, "base");
	store = store_open(below, NULL);
	make_base();
	return store == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	bool is_removed = path_remove_tree(folder, NULL);
	free(base);
	free(folder);
	return is_removed ? 0 : -1;
}

struct bytes {
	char data[TAR_MAX];
	size_t size;
};

/* "name/" is a folder of that mode, "name" a file of 5,000 bytes. */
static void make_tar(struct bytes *ret, const char *const *names, unsigned mode)
{
	char content[5000];
	memset(content, 'x', sizeof(content));
	struct archive *tar = archive_write_new();
	archive_write_set_format_pax_restricted(tar);
	ret->size = 0;
	assert_int_equal(archive_write_open_memory(tar, ret->data, TAR_MAX, &ret->size),
			 ARCHIVE_OK);
	for (; *names != NULL; names++) {
		bool is_folder = (*names)[strlen(*names) - 1] == '/';
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, *names);
		archive_entry_set_mode(entry, is_folder ? S_IFDIR | mode : S_IFREG | 0644);
		archive_entry_set_size(entry, is_folder ? 0 : (la_int64_t)sizeof(content));
		assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
		if (!is_folder)
			assert_true(archive_write_data(tar, content, sizeof(content)) > 0);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
}

static void put(const char *layout, const void *bytes, size_t size, struct digest *out)
{
	*out = sha256_digest(bytes, size);
	AUTO_FREE char *path = xasprintf("%s/blobs/sha256/%s", layout, DIGEST_HEX(out));
	assert_true(file_write_atomic(path, bytes, size, 0644, NULL));
}

/* FOLDER/NAME, an OCI layout of these layers. */
static void make_image(const char *name, const struct bytes *layers, size_t count)
{
	struct digest digest;
	AUTO_FREE char *layout = path_join(folder, name);
	AUTO_FREE char *blobs = path_join(layout, "blobs/sha256");
	AUTO_FREE char *index_path = path_join(layout, "index.json");
	AUTO(strbuf_clear) struct strbuf config = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf manifest = STRBUF_INIT;
	assert_true(path_make_folders(blobs, 0755, NULL));
	strbuf_append(&config, "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":"
			       "[\"/x\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
	for (size_t i = 0; i < count; i++) {
		put(layout, layers[i].data, layers[i].size, &digest);
		strbuf_appendf(&config, "%s\"%s\"", i > 0 ? "," : "", DIGEST_TEXT(&digest));
		strbuf_appendf(&manifest,
			       "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
			       "\"digest\":\"%s\",\"size\":%zu}",
			       i > 0 ? "," : "", DIGEST_TEXT(&digest), layers[i].size);
	}
	strbuf_append(&config, "]}}");
	put(layout, config.data, config.size, &digest);
	AUTO_FREE char *text = xasprintf(
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":"
		"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[%s]}",
		DIGEST_TEXT(&digest), config.size, strbuf_text(&manifest));
	put(layout, text, strlen(text), &digest);
	AUTO_FREE char *index = xasprintf(
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
		"\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu}]}",
		DIGEST_TEXT(&digest), strlen(text));
	assert_true(file_write_atomic(index_path, index, strlen(index), 0644, NULL));
}

static struct image_options options(void)
{
	return (struct image_options){.base = base, .folder = folder};
}

static bool build(const char *image, struct disk_image *ret, struct error *err)
{
	char name[] = "web", space[] = "default";
	AUTO_FREE char *reference = xasprintf("oci:%s", image);
	struct container_spec container = {.name = name, .image = reference};
	struct pod_spec pod = {.name = name,
			       .namespace_name = space,
			       .containers = &container,
			       .container_count = 1};
	struct image_options given = options();
	return image_build(store, &pod, &given, NULL, ret, err);
}

/* Two layers, the upper one with a file in the lower one's folder. */
static void make_web(const char *name, bool has_parents)
{
	static const char *const lower[] = {"./", "private/", "private/one", "bin/", "bin/x", NULL};
	static const char *const upper[] = {"private/two", NULL};
	static const char *const whole[] = {"private/", "private/two", NULL};
	AUTO_FREE struct bytes *layers = xcalloc(LAYERS_MAX, sizeof(*layers));
	make_tar(&layers[0], lower, 0700);
	make_tar(&layers[1], has_parents ? whole : upper, 0700);
	make_image(name, layers, 2);
}

static void read_toc(const struct disk_image *disk, struct toc *ret)
{
	assert_true(toc_parse(disk->toc_json, strlen(disk->toc_json), disk->size_bytes, ret, NULL));
}

static void verify(const struct disk_image *disk)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct disk_verification result;
	struct image_options given = options();
	if (!disk_verify(store, disk->path, &given, NULL, &result, &err))
		fail_msg("%s", err.message);
	assert_true(digest_equal(&result.digest, &disk->digest));
}

static void a_disk_is_built_once_and_is_what_it_says(void **state)
{
	AUTO(disk_image_clear) struct disk_image first = {0};
	AUTO(disk_image_clear) struct disk_image again = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	make_web("whole", true);
	if (!build("whole", &first, &err))
		fail_msg("%s", err.message);
	assert_true(first.was_built);
	assert_true(build("whole", &again, NULL));
	assert_false(again.was_built);
	assert_true(digest_equal(&first.digest, &again.digest));
	verify(&first);
}

/* Layers that a container has already are in the disk once; its own come after the containers'. */
static void a_volume_of_an_image_is_part_of_the_disk(void **state)
{
	static const char *const files[] = {"assets/", "assets/one", NULL};
	char name[] = "web", space[] = "default", web[] = "oci:whole", assets[] = "oci:assets",
	     files_name[] = "files", same[] = "same";
	struct container_spec container = {.name = name, .image = web};
	struct volume volumes[] = {{.name = files_name, .kind = VOLUME_IMAGE, .image = assets},
				   {.name = space, .kind = VOLUME_EMPTY_DIR},
				   {.name = same, .kind = VOLUME_IMAGE, .image = web}};
	struct pod_spec pod = {.name = name,
			       .namespace_name = space,
			       .containers = &container,
			       .container_count = 1,
			       .volumes = volumes,
			       .volume_count = 3};
	struct image_options given = options();
	AUTO_FREE struct bytes *layers = xcalloc(LAYERS_MAX, sizeof(*layers));
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(disk_image_clear) struct disk_image without = {0};
	AUTO(toc_clear) struct toc toc = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	make_web("whole", true);
	make_tar(&layers[0], files, 0755);
	make_image("assets", layers, 1);
	if (!image_build(store, &pod, &given, NULL, &disk, &err))
		fail_msg("%s", err.message);
	read_toc(&disk, &toc);
	assert_int_equal(toc.partition_count, 2 + 3);
	verify(&disk);
	/* As the guest reads it. */
	AUTO(pod_image_clear) struct pod_image image = {0};
	assert_true(pod_document_read(toc.pod_json, strlen(toc.pod_json), "pod", &image, NULL));
	assert_int_equal(image.volume_count, 2);
	const struct image_volume *volume = pod_image_volume(&image, "files");
	assert_int_equal(volume->layer_count, 1);
	assert_int_equal(volume->layers[0], 2);
	assert_string_equal(volume->image, "oci:assets");
	assert_int_equal(pod_image_volume(&image, "same")->layers[1], 1);
	assert_null(pod_image_volume(&image, "default"));
	/* It is what makes the disk another one. */
	pod.volume_count = 0;
	assert_true(image_build(store, &pod, &given, NULL, &without, NULL));
	assert_false(digest_equal(&without.digest, &disk.digest));
	pod.volume_count = 3;
	static char gone[] = "oci:nowhere";
	volumes[0].image = gone;
	AUTO(disk_image_clear) struct disk_image none = {0};
	assert_false(image_build(store, &pod, &given, NULL, &none, &err));
	assert_non_null(strstr(err.message, "volume 'files'"));
}

/* Its tree says more than its tar: which folders have no entry. */
static void a_layer_without_parents_is_proved_too(void **state)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(disk_image_clear) struct disk_image whole = {0};
	AUTO(toc_clear) struct toc toc = {0};
	(void)state;
	make_web("parentless", false);
	assert_true(build("parentless", &disk, NULL));
	read_toc(&disk, &toc);
	assert_int_equal(toc.partition_count, 2 + 2);
	assert_non_null(strstr(toc.pod_json, "\"layers\":[0,1]"));
	verify(&disk);
	make_web("whole", true);
	assert_true(build("whole", &whole, NULL));
	assert_false(digest_equal(&whole.digest, &disk.digest));
}

static void a_changed_disk_is_not_what_it_says(void **state)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, "copy.img");
	struct disk_verification result;
	struct image_options given = options();
	struct stat st;
	(void)state;
	make_web("whole", true);
	assert_true(build("whole", &disk, NULL));
	assert_true(disk_export(&disk, DISK_RAW, path, NULL));
	assert_true(disk_verify(store, path, &given, NULL, &result, NULL));
	assert_int_equal(chmod(path, 0644), 0);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "!", 1, st.st_size - (512 << 10) - 4000), 1);
	assert_false(disk_verify(store, path, &given, NULL, &result, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_true(disk_export(&disk, DISK_RAW, path, NULL)); /* whole or not at all */
	assert_true(disk_verify(store, path, &given, NULL, &result, NULL));
}

static void a_disk_of_other_libraries_is_told_from_a_damaged_one(void **state)
{
	static const char builder[] = "libsquashfs ";
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, "other.img");
	AUTO_FREE char *bytes = NULL;
	struct disk_verification result;
	struct image_options given = options();
	size_t size = 0;
	(void)state;
	make_web("whole", true);
	assert_true(build("whole", &disk, NULL));
	assert_true(file_read(disk.path, 64 << 20, &bytes, &size, NULL));
	char *version = memmem(bytes, size, builder, strlen(builder));
	assert_non_null(version);
	version[strlen(builder)] = '0';
	assert_true(file_write_atomic(path, bytes, size, 0644, NULL));
	assert_false(disk_verify(store, path, &given, NULL, &result, &err));
	assert_non_null(
		strstr(err.hint, "it was built by 'i2kit " I2KIT_VERSION ", libsquashfs 0"));
	assert_non_null(strstr(err.hint, squashfs_writer_libraries()));
}

static void what_boots_directly_comes_out_of_the_disk(void **state)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(boot_files_clear) struct boot_files files = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	(void)state;
	make_web("whole", true);
	assert_true(build("whole", &disk, NULL));
	if (!image_boot_files(store, &disk, &files, &err))
		fail_msg("%s", err.message);
	assert_string_equal(files.cmdline, "quiet");
	assert_true(file_read(files.kernel_path, 100, &bytes, &size, NULL));
	assert_int_equal(size, 10);
	assert_memory_equal(bytes, "the kernel", size);
	free(TAKE_PTR(bytes));
	assert_true(file_read(files.initrd_path, 1 << 20, &bytes, &size, NULL));
	assert_memory_equal(bytes, "the initrd", 10);
	assert_non_null(memmem(bytes, size, "\"pod\":\"web\"", 11));
}

static void a_damaged_layer_is_found_and_made_again(void **state)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(disk_image_clear) struct disk_image again = {0};
	AUTO(verify_result_clear) struct verify_result faults = {0};
	(void)state;
	make_web("damaged", false);
	assert_true(build("damaged", &disk, NULL));
	AUTO_FREE char *layers = path_join(store_folder(store), "layers");
	AUTO_FREE char *command =
		xasprintf("chmod u+w %s/* && for f in %s/*; do printf x | dd of=$f "
			  "bs=1 seek=200 conv=notrunc status=none; done",
			  layers, layers);
	assert_int_equal(system(command), 0);
	assert_true(store_verify(store, true, NULL, &faults, NULL));
	assert_true(faults.count >= 2);
	assert_int_equal(unlink(disk.path), 0);
	assert_true(build("damaged", &again, NULL));
	assert_true(digest_equal(&again.digest, &disk.digest));
}

static void add_member(struct archive *tar, const char *name, const void *bytes, size_t size)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, S_IFREG | 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(tar, bytes, size), size);
	archive_entry_free(entry);
}

/* As docker save writes it: one layer twice, the second time as a link, and the tags. */
static void save_image(const char *path, const struct bytes *layer)
{
	struct digest digest = sha256_digest(layer->data, layer->size);
	AUTO_FREE char *config = xasprintf(
		"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"/x\"]},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}",
		DIGEST_TEXT(&digest), DIGEST_TEXT(&digest));
	const char *manifest = "[{\"Config\":\"config.json\",\"RepoTags\":[\"web:1\"],\"Layers\":"
			       "[\"a/layer.tar\",\"b/layer.tar\"]},{\"Config\":\"config.json\","
			       "\"RepoTags\":[\"web:2\"],\"Layers\":[\"absent.tar\"]}]";
	struct archive *tar = archive_write_new();
	struct archive_entry *link = archive_entry_new();
	archive_write_set_format_pax_restricted(tar);
	archive_write_add_filter_gzip(tar);
	assert_int_equal(archive_write_open_filename(tar, path), ARCHIVE_OK);
	add_member(tar, "a/layer.tar", layer->data, layer->size);
	archive_entry_set_pathname(link, "b/layer.tar");
	archive_entry_set_mode(link, S_IFLNK | 0777);
	archive_entry_set_symlink(link, "../a/layer.tar");
	assert_int_equal(archive_write_header(tar, link), ARCHIVE_OK);
	archive_entry_free(link);
	add_member(tar, "config.json", config, strlen(config));
	add_member(tar, "manifest.json", manifest, strlen(manifest));
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
}

static bool resolve(const char *reference, struct oci_image *ret, struct error *err)
{
	struct image_options given = options();
	return image_resolve(store, reference, PULL_IF_NOT_PRESENT, &given, NULL, ret, err);
}

static void an_image_comes_out_of_a_saved_file(void **state)
{
	static const char *const names[] = {"./", "x", NULL};
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(oci_image_clear) struct oci_image none = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE struct bytes *layer = xcalloc(1, sizeof(*layer));
	AUTO_FREE char *path = path_join(folder, "saved.tar.gz");
	(void)state;
	make_tar(layer, names, 0755);
	save_image(path, layer);
	if (!resolve("docker-archive:saved.tar.gz:web:1", &image, &err))
		fail_msg("%s", err.message);
	assert_int_equal(image.layer_count, 2);
	assert_true(digest_equal(&image.layers[0].digest, &image.layers[1].digest));
	assert_false(resolve("docker-archive:saved.tar.gz:web:3", &none, &err));
	assert_non_null(strstr(err.message, "web:2")); /* what there is */
	error_clear(&err);
	assert_false(resolve("docker-archive:saved.tar.gz", &none, &err));
	assert_non_null(strstr(err.message, "several images"));
	error_clear(&err);
	assert_false(resolve("docker-archive:saved.tar.gz:web:2", &none, &err));
	assert_non_null(strstr(err.message, "absent.tar"));
	error_clear(&err);
	assert_false(resolve("oci-archive:saved.tar.gz", &none, &err));
	assert_non_null(strstr(err.message, "index.json"));
	assert_int_equal(truncate(path, 300), 0);
	error_clear(&err);
	assert_false(resolve("docker-archive:saved.tar.gz:web:1", &none, &err));
}

static void an_image_that_is_gone_is_named(void **state)
{
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(build("nowhere", &disk, &err));
	assert_non_null(strstr(err.message, "pod 'web'"));
	assert_non_null(strstr(err.message, "nowhere"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_is_built_once_and_is_what_it_says),
		cmocka_unit_test(a_volume_of_an_image_is_part_of_the_disk),
		cmocka_unit_test(a_layer_without_parents_is_proved_too),
		cmocka_unit_test(a_changed_disk_is_not_what_it_says),
		cmocka_unit_test(a_disk_of_other_libraries_is_told_from_a_damaged_one),
		cmocka_unit_test(what_boots_directly_comes_out_of_the_disk),
		cmocka_unit_test(a_damaged_layer_is_found_and_made_again),
		cmocka_unit_test(an_image_comes_out_of_a_saved_file),
		cmocka_unit_test(an_image_that_is_gone_is_named),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
