/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/base_document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/layer/layer.h"
#include "image/linuxkit/linuxkit_tree.h"
#include "image/linuxkit/linuxkit_unpack.h"

enum { DOCUMENT_MAX_BYTES = 16 << 20 };

#define OWN "i2kit/"
/* The base's crun refuses the one that upstream writes. */
#define OCI_VERSION "1.0.2"

struct base_build {
	struct store *store;
	const struct progress *progress;
	struct image_options images; /* with the document's folder */
	struct linuxkit_document document;
	struct base_folder base; /* the default one, then the result */
};

static void base_build_clear(struct base_build *build)
{
	linuxkit_document_clear(&build->document);
	base_folder_clear(&build->base);
}

static bool is_own(const char *image)
{
	return strncmp(image, OWN, strlen(OWN)) == 0;
}

/* base.yml's tags are the beginnings of digests: a document must not get other parts in silence. */
static bool check_own(const struct base_build *build, const char *image, struct error *err)
{
	AUTO_FREE char *name = xstrdup(image + strlen(OWN));
	char *tag = strchr(name, ':');
	if (tag != NULL)
		*tag++ = '\0';
	const char *part = strcmp(name, "init") == 0   ? build->base.initrd
			   : strcmp(name, "base") == 0 ? build->base.partition
						       : NULL;
	const struct base_file *file = part == NULL ? NULL : base_folder_find(&build->base, part);
	if (file == NULL)
		return error_set(err, ERROR_INVALID, "init: the base has no part '%s'", image);
	const char *hex = DIGEST_HEX(&file->digest);
	if (tag == NULL || strncmp(hex, tag, strlen(tag)) == 0)
		return true;
	(void)error_set(err, ERROR_INVALID, "init: '%s' is not in the base '%s', which has %.12s",
			image, build->base.path, hex);
	return error_hint(err, "write " OWN "%s to take the one there is", name);
}

/* Takes the default base's own parts out of the document: they are there already. */
static bool take_own_parts(struct base_build *build, struct error *err)
{
	struct linuxkit_document *document = &build->document;
	AUTO(string_list_clear) struct string_list others = STRING_LIST_INIT;
	char *kernel = document->kernel.image;
	if (kernel != NULL && kernel[0] != '\0' && !is_own(kernel)) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"kernel: '%s': a pod runs on the default base's kernel", kernel);
		return error_hint(err, "leave kernel.image out; another kernel needs a base folder "
				       "of its own (doc/formats.md)");
	}
	free(kernel);
	document->kernel.image = NULL;
	for (size_t i = 0; i < document->init.count; i++) {
		const char *image = document->init.items[i];
		if (!is_own(image))
			string_list_add(&others, image);
		else if (!check_own(build, image, err))
			return false;
	}
	string_list_clear(&document->init);
	document->init = others;
	others = STRING_LIST_INIT;
	return true;
}

/* What is on the default base's partition, as a tar, comes first. */
static bool add_default_tree(const struct base_build *build, struct linuxkit_tree *tree,
			     struct error *err)
{
	const struct linuxkit_origin origin = {.source = build->base.name, .location = "base"};
	const struct base_file *file = base_folder_find(&build->base, BASE_TREE);
	AUTO_FREE char *path = path_join(build->base.path, BASE_TREE);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct digest digest;
	if (fd < 0 || file == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "the base '%s' has no %s to add to",
				build->base.path, BASE_TREE);
		return error_hint(err, "scripts/make-base makes one that has");
	}
	if (!sha256_fd(fd, &digest, err))
		return error_prefix(err, "'%s'", path);
	if (!digest_equal(&digest, &file->digest))
		return error_set(err, ERROR_CORRUPT, "'%s' is not what base.json says", path);
	return linuxkit_tree_add_tar(tree, fd, &origin, err) || error_prefix(err, "'%s'", path);
}

/* The whole tree as an uncompressed layer among the store's blobs. */
static bool make_layer(const struct base_build *build, struct oci_descriptor *ret,
		       struct error *err)
{
	const struct linuxkit_build part = {.store = build->store,
					    .document = &build->document,
					    .images = &build->images,
					    .progress = build->progress};
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	struct stat st;
	if (!store_draft_open(build->store, &draft, err))
		return false;
	AUTO_PTR(tar_writer) struct tar_writer *writer = tar_writer_new(build->store, draft.fd);
	AUTO(linuxkit_tree_clear) struct linuxkit_tree tree = {.build = &part, .writer = writer};
	if (!add_default_tree(build, &tree, err) || !linuxkit_tree_write(&tree, err) ||
	    !sha256_fd(draft.fd, &ret->digest, err))
		return false;
	if (fstat(draft.fd, &st) < 0)
		return error_set_errno(err, errno, "the base's tree");
	ret->diff_id = ret->digest;
	ret->size_bytes = (uint64_t)st.st_size;
	return store_draft_commit(build->store, &draft, STORE_BLOB, &ret->digest, err);
}

/* The default base with another partition, another name and maybe another command line. */
static void replace_partition(struct base_build *build, const struct disk_layer *made,
			      const char *document)
{
	struct base_folder *base = &build->base;
	const char *slash = strrchr(document, '/');
	const char *cmdline = build->document.kernel.cmdline;
	char *name = xasprintf("%s with %s", base->name, slash == NULL ? document : slash + 1);
	free(base->name);
	base->name = name;
	if (cmdline != NULL && cmdline[0] != '\0') {
		free(base->cmdline);
		base->cmdline = xstrdup(cmdline);
	}
	for (size_t i = 0; i < base->file_count; i++) {
		if (strcmp(base->files[i].name, base->partition) != 0)
			continue;
		base->files[i].digest = made->digest;
		base->files[i].size_bytes = made->size_bytes;
	}
	free(base->partition_path);
	base->partition_path = xstrdup(made->path);
	AUTO_FREE char *identity =
		xasprintf("base document\n%s\n%s\n%s\n%s", DIGEST_TEXT(&base->digest),
			  DIGEST_TEXT(&made->digest), base->name, base->cmdline);
	base->digest = sha256_digest(identity, strlen(identity));
}

static bool build_base(struct base_build *build, const char *path, struct error *err)
{

	AUTO_FREE char *text = NULL;
	AUTO_FREE char *folder = xstrdup(path);
	struct oci_descriptor tree = {0};
	AUTO(disk_layer_clear) struct disk_layer made = {.blob = &tree, .image = path};
	size_t size = 0;
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[1] = '\0';
	build->images.folder = slash != NULL ? folder : ".";
	if (!file_read(path, DOCUMENT_MAX_BYTES, &text, &size, err) ||
	    !linuxkit_document_parse(text, size, path, &build->document, err))
		return false;
	build->document.oci_version = OCI_VERSION;
	const char *cmdline = build->document.kernel.cmdline;
	if (cmdline != NULL && strpbrk(cmdline, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "kernel.cmdline has more than one line");
	if (!base_folder_load(NULL, &build->base, err) || !take_own_parts(build, err) ||
	    !make_layer(build, &tree, err) ||
	    !layers_convert(build->store, &made, 1, build->progress, err))
		return false;
	replace_partition(build, &made, path);
	build->images.folder = NULL;
	return true;
}

bool base_open(struct store *store, const struct image_options *options,
	       const struct progress *progress, struct base_folder *ret, struct error *err)
{
	const char *named = options == NULL ? NULL : options->base;
	struct stat st;
	if (named == NULL || stat(named, &st) < 0 || !S_ISREG(st.st_mode))
		return base_folder_load(named, ret, err);
	AUTO(base_build_clear)
	struct base_build build = {.store = store, .progress = progress, .images = *options};
	if (!build_base(&build, named, err))
		return error_prefix(err, "base '%s'", named);
	*ret = build.base;
	build.base = (struct base_folder){0};
	return true;
}
