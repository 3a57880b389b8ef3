/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/sbom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "image/disk/partition_check.h"
#include "image/layer/squashfs_reader.h"
#include "image/sbom/layer_view.h"
#include "image/sbom/package_files.h"
#include "image/sbom/package_rpm.h"

#define MAX_TEXT     ((size_t)64 << 20)
#define MAX_DATABASE ((size_t)512 << 20)
#define BASE_SBOM    "usr/share/sbom/sbom.spdx.json"

void sbom_clear(struct sbom *sbom)
{
	for (size_t i = 0; i < sbom->base_count; i++) {
		free(sbom->base[i].name);
		free(sbom->base[i].version);
		free(sbom->base[i].purl);
		free(sbom->base[i].licence);
		free(sbom->base[i].comment);
	}
	for (size_t i = 0; i < sbom->image_count; i++) {
		free(sbom->images[i].name);
		free(sbom->images[i].digest);
		free(sbom->images[i].layers);
		free(sbom->images[i].problem);
		distribution_clear(&sbom->images[i].distribution);
		package_list_clear(&sbom->images[i].packages);
	}
	free(sbom->base);
	free(sbom->images);
	pod_image_clear(&sbom->pod);
	toc_clear(&sbom->toc);
	*sbom = (struct sbom){0};
}

/* ---- the databases of an image ---- */

static bool read_file(const struct layer_view *view, const char *path, size_t most,
		      struct strbuf *ret, bool *ret_found, struct error *err)
{
	*ret = STRBUF_MAX(most);
	return layer_view_read(view, path, ret, ret_found, err);
}

static bool read_text(const struct layer_view *view, const char *path,
		      bool (*read)(const char *text, struct package_list *ret, struct error *err),
		      struct package_list *list, bool *ret_found, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	bool is_found;

	if (!read_file(view, path, MAX_TEXT, &text, &is_found, err))
		return false;
	*ret_found = *ret_found || is_found;
	return !is_found || read(strbuf_text(&text), list, err);
}

struct folder_reading {
	struct package_list *list;
	bool is_found;
};

static bool take_status(const char *name, const char *text, void *arg, struct error *err)
{
	struct folder_reading *reading = arg;
	size_t length = strlen(name);

	if (length > 8 && strcmp(name + length - 8, ".md5sums") == 0)
		return true;
	reading->is_found = true;
	return package_files_read_dpkg(text, reading->list, err);
}

/* Images without dpkg itself have a file for each package: distroless. */
static bool read_dpkg_folder(const struct layer_view *view, struct package_list *list,
			     bool *ret_found, struct error *err)
{
	struct folder_reading reading = {.list = list};

	if (!layer_view_each(view, "var/lib/dpkg/status.d", take_status, &reading, err))
		return false;
	*ret_found = *ret_found || reading.is_found;
	return true;
}

static bool read_rpm(const struct layer_view *view, const char *folder, struct package_list *list,
		     bool *ret_found, char **ret_problem, struct error *err)
{
	static const char *const old_names[] = {"Packages", "Packages.db"};
	AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
	bool is_found = false;

	strbuf_appendf(&path, "%s/rpmdb.sqlite", folder);
	if (!read_file(view, strbuf_text(&path), MAX_DATABASE, &bytes, &is_found, err))
		return false;
	*ret_found = *ret_found || is_found;
	if (is_found)
		return package_rpm_read(bytes.data != NULL ? bytes.data : "", bytes.size, list,
					err);
	for (size_t i = 0; i < ARRAY_SIZE(old_names) && *ret_problem == NULL; i++) {
		AUTO(strbuf_clear) struct strbuf old = STRBUF_INIT;
		strbuf_reset(&path);
		strbuf_appendf(&path, "%s/%s", folder, old_names[i]);
		if (!read_file(view, strbuf_text(&path), MAX_DATABASE, &old, &is_found, err))
			return false;
		if (is_found)
			*ret_problem = xasprintf("its RPM database %s is of an older format, which "
						 "is not read",
						 strbuf_text(&path));
	}
	return true;
}

static bool read_packages(const struct layer_view *view, struct sbom_image *image,
			  struct error *err)
{
	struct package_list *list = &image->packages;
	bool is_found = false;

	if (!read_text(view, "var/lib/dpkg/status", package_files_read_dpkg, list, &is_found,
		       err) ||
	    !read_dpkg_folder(view, list, &is_found, err) ||
	    !read_text(view, "lib/apk/db/installed", package_files_read_apk, list, &is_found,
		       err) ||
	    !read_text(view, "usr/lib/apk/db/installed", package_files_read_apk, list, &is_found,
		       err) ||
	    !read_rpm(view, "usr/lib/sysimage/rpm", list, &is_found, &image->problem, err) ||
	    !read_rpm(view, "var/lib/rpm", list, &is_found, &image->problem, err))
		return false;
	if (!is_found && image->problem == NULL)
		image->problem = xstrdup("it has no database of dpkg, apk or rpm");
	return true;
}

static bool read_distribution(const struct layer_view *view, struct distribution *ret,
			      struct error *err)
{
	static const char *const paths[] = {"etc/os-release", "usr/lib/os-release"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
		bool is_found = false;
		if (!read_file(view, paths[i], 65536, &text, &is_found, err))
			return false;
		if (is_found) {
			distribution_read(strbuf_text(&text), ret);
			return true;
		}
	}
	return true;
}

/* ---- the disk ---- */

struct reading {
	struct sbom *sbom;
	int fd;
	struct squashfs_reader **layers; /* of the pod's; owned */
};

static void reading_clear(struct reading *reading)
{
	for (size_t i = 0; i < reading->sbom->pod.layer_count && reading->layers != NULL; i++)
		squashfs_reader_free(reading->layers[i]);
	free(reading->layers);
}

static struct squashfs_reader *open_partition(const struct reading *reading, const char *name,
					      struct error *err)
{
	const struct toc *toc = &reading->sbom->toc;

	for (size_t i = 0; i < toc->partition_count; i++) {
		const struct toc_partition *partition = &toc->partitions[i];
		if (strcmp(partition->name, name) != 0)
			continue;
		struct squashfs_reader *reader =
			squashfs_reader_new(reading->fd, partition->offset, partition->size, err);
		if (reader == NULL)
			(void)error_prefix(err, "partition %u (%s)", partition->number, name);
		return reader;
	}
	(void)error_set(err, ERROR_CORRUPT,
			"pod.json names the partition '%.40s', which is not there", name);
	return NULL;
}

static bool open_layers(struct reading *reading, struct error *err)
{
	const struct pod_image *pod = &reading->sbom->pod;

	reading->layers = xcalloc(pod->layer_count + 1, sizeof(*reading->layers));
	for (size_t i = 0; i < pod->layer_count; i++) {
		reading->layers[i] = open_partition(reading, pod->layers[i].name, err);
		if (reading->layers[i] == NULL)
			return false;
	}
	return true;
}

static bool read_image(const struct reading *reading, struct sbom_image *image, struct error *err)
{
	AUTO(layer_view_clear) struct layer_view view = {0};

	view.layers = xcalloc(image->layer_count + 1, sizeof(*view.layers));
	for (size_t i = 0; i < image->layer_count; i++)
		view.layers[view.count++] = reading->layers[image->layers[i]];
	if (!read_distribution(&view, &image->distribution, err) ||
	    !read_packages(&view, image, err))
		return error_prefix(err, "image '%s'", image->name);
	package_list_finish(&image->packages, &image->distribution);
	return true;
}

static void take_base_package(struct sbom *sbom, struct json_view item)
{
	struct json_view reference = json_view_at(json_view_get(item, "externalRefs"), 0);
	const char *name = json_view_peek(json_view_get(item, "name"));

	if (name == NULL)
		return;
	sbom->base[sbom->base_count++] = (struct base_package){
		.name = xstrdup(name),
		.version = xstrdup_or_null(json_view_peek(json_view_get(item, "versionInfo"))),
		.purl = xstrdup_or_null(
			json_view_peek(json_view_get(reference, "referenceLocator"))),
		.licence = xstrdup_or_null(json_view_peek(json_view_get(item, "licenseComments"))),
		.comment = xstrdup_or_null(json_view_peek(json_view_get(item, "comment"))),
	};
}

/* The base brings its own list. One that was made without it (LinuxKit's) has none. */
static bool read_base(const struct reading *reading, struct error *err)
{
	struct sbom *sbom = reading->sbom;
	AUTO_PTR(squashfs_reader)
	struct squashfs_reader *reader = open_partition(reading, sbom->pod.base_name, err);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(layer_view_clear)
	struct layer_view view = {.layers = xcalloc(1, sizeof(*view.layers)), .count = 1};
	bool is_found = false;

	if (reader == NULL)
		return false;
	view.layers[0] = reader;
	if (!read_file(&view, BASE_SBOM, MAX_TEXT, &text, &is_found, err))
		return error_prefix(err, "the base");
	if (!is_found)
		return true;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(strbuf_text(&text), text.size, BASE_SBOM, 0, err);
	if (document == NULL)
		return error_prefix(err, "the base");
	struct json_view packages = json_view_get(json_document_root(document), "packages");
	size_t count = json_view_count(packages, PACKAGES_MAX);
	sbom->base = xcalloc(count + 1, sizeof(*sbom->base));
	for (size_t i = 0; i < count; i++)
		take_base_package(sbom, json_view_at(packages, i));
	return true;
}

static bool read_head(struct reading *reading, const char *path, struct error *err)
{
	struct sbom *sbom = reading->sbom;
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t size;

	if (fstat(reading->fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read it");
	sbom->size = (uint64_t)st.st_size;
	return toc_read_disk(reading->fd, &text, &size, err) &&
	       toc_parse(text, size, sbom->size, &sbom->toc, err) &&
	       pod_document_read(sbom->toc.pod_json, strlen(sbom->toc.pod_json), "pod.json",
				 &sbom->pod, err) &&
	       /* What is said of a partition's digest is said of the bytes that are there. */
	       partition_check_all(reading->fd, path, &sbom->toc, err) &&
	       sha256_fd(reading->fd, &sbom->digest, err);
}

static bool is_known(const struct sbom *sbom, const char *digest)
{
	for (size_t i = 0; i < sbom->image_count; i++) {
		const char *other = sbom->images[i].digest;
		if (digest != NULL && other != NULL && strcmp(digest, other) == 0)
			return true;
	}
	return false;
}

/* Of a container or a volume. */
static bool take_image(const struct reading *reading, const char *name, const char *digest,
		       const size_t *layers, size_t layer_count, struct error *err)
{
	struct sbom *sbom = reading->sbom;

	if (is_known(sbom, digest))
		return true;
	struct sbom_image *image = &sbom->images[sbom->image_count++];
	image->name = xstrdup(name);
	image->digest = xstrdup_or_null(digest);
	image->layers = xcalloc(layer_count + 1, sizeof(size_t));
	image->layer_count = layer_count;
	for (size_t i = 0; i < layer_count; i++)
		image->layers[i] = layers[i];
	return read_image(reading, image, err);
}

static bool read_images(const struct reading *reading, struct error *err)
{
	const struct pod_image *pod = &reading->sbom->pod;

	reading->sbom->images = xcalloc(pod->container_count + pod->volume_count + 1,
					sizeof(*reading->sbom->images));
	for (size_t i = 0; i < pod->container_count; i++) {
		const struct container_image *own = &pod->containers[i];
		if (!take_image(reading, own->image != NULL ? own->image : own->name,
				own->image_digest, own->layers, own->layer_count, err))
			return false;
	}
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct image_volume *own = &pod->volumes[i];
		if (!take_image(reading, own->image != NULL ? own->image : own->name,
				own->image_digest, own->layers, own->layer_count, err))
			return false;
	}
	return true;
}

static bool read_disk(struct reading *reading, const char *path, struct error *err)
{
	return read_head(reading, path, err) && open_layers(reading, err) &&
	       read_base(reading, err) && read_images(reading, err);
}

bool sbom_read(int fd, const char *path, struct sbom *ret, struct error *err)
{
	AUTO(reading_clear) struct reading reading = {.sbom = ret, .fd = fd};

	return read_disk(&reading, path, err) || error_prefix(err, "'%s'", path);
}
