/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted into a service's container: volumes, folders, memory, configs and secrets. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/string_list.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"

/* The volume of that name in the pod; made when it is not there. */
static struct volume *volume_of(struct compose_service *service, const char *name,
				struct source_mark mark, bool *ret_is_new)
{
	struct pod_spec *pod = service->pod;
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (strcmp(pod->volumes[i].name, name) == 0) {
			*ret_is_new = false;
			return &pod->volumes[i];
		}
	}
	struct volume *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);
	volume->name = xstrdup(name);
	volume->default_mode = 0644;
	volume->mark = mark;
	volume->ref_mark = mark;
	*ret_is_new = true;
	return volume;
}

/* Whether that is a volume of the top's, which this pod may mount further down. */
static bool is_top_volume(const struct compose_service *service, const char *name)
{
	const struct yaml_node *volumes = yaml_get(service->model, "volumes");
	for (size_t i = 0; volumes != NULL && i < volumes->pair_count; i++) {
		AUTO_FREE char *plain = compose_plain_name(volumes->pairs[i].key->text);
		if (strcmp(plain, name) == 0)
			return true;
	}
	return false;
}

/* One that nobody else names: "web-3". */
static struct volume *new_volume(struct compose_service *service, struct source_mark mark)
{
	struct volume *volume = NULL;
	bool is_new = false;
	for (size_t number = service->pod->volume_count; !is_new; number++) {
		AUTO_FREE char *name = xasprintf("%.40s-%zu", service->container.name, number);
		if (!is_top_volume(service, name))
			volume = volume_of(service, name, mark, &is_new);
	}
	return volume;
}

static struct volume_mount *add_mount(struct compose_service *service, const struct volume *volume,
				      const char *path, struct source_mark mark)
{
	struct container_spec *container = &service->container;
	struct volume_mount *mount = ARRAY_APPEND(container->mounts, container->mount_count);
	mount->volume = xstrdup(volume->name);
	mount->mount_path = xstrdup(path);
	mount->mark = mark;
	mount->path_mark = mark;
	return mount;
}

struct mount_options {
	char *type;
	char *source;
	char *target;
	char *subpath;
	bool is_read_only;
	bool creates_path;
	uint64_t size_bytes;
};

static void mount_options_clear(struct mount_options *options)
{
	free(options->type);
	free(options->source);
	free(options->target);
	free(options->subpath);
}

static void read_size(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (!compose_bytes(node, target))
		loader_error(loader, node, "64m, 67108864", "size: '%.40s' is no number of bytes",
			     node->text ? node->text : "");
}

#define AT(member) offsetof(struct mount_options, member)
static const struct field bind_list[] = {
	{"create_host_path", FIELD_USED, read_bool, AT(creates_path), NULL,
	 "a folder that is missing is made; default true", .takes = "true or false, or text"},
	{"propagation", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has its own kernel"},
	{"recursive", FIELD_NO_EFFECT, NULL, 0, NULL, "read_only covers what lies below"},
	{"selinux", FIELD_NO_EFFECT, NULL, 0, NULL, "a pod has a kernel of its own"}};
static const struct field_set bind_fields = {"bind", bind_list, ARRAY_SIZE(bind_list),
					     .is_open = true};
static const struct field volume_options_list[] = {
	{"labels", FIELD_NO_EFFECT, NULL, 0, NULL, "volumes have none"},
	{"nocopy", FIELD_NO_EFFECT, NULL, 0, NULL, "a volume begins empty"},
	{"subpath", FIELD_USED, read_text, AT(subpath), NULL, "below the volume's root; no .."}};
static const struct field_set volume_options_fields = {
	"volume options", volume_options_list, ARRAY_SIZE(volume_options_list), .is_open = true};
static const struct field tmpfs_list[] = {
	{"mode", FIELD_NO_EFFECT, NULL, 0, NULL, "everybody may write to it, as to /tmp"},
	{"size", FIELD_USED, read_size, AT(size_bytes), NULL, "default: half of the memory",
	 .takes = "bytes"}};
static const struct field_set tmpfs_fields = {"tmpfs options", tmpfs_list, ARRAY_SIZE(tmpfs_list),
					      .is_open = true};

static const struct field image_options_list[] = {
	{"subpath", FIELD_USED, read_text, AT(subpath), NULL, "below the image's root; no .."}};
static const struct field_set image_options_fields = {
	"image options", image_options_list, ARRAY_SIZE(image_options_list), .is_open = true};

static void read_bind(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &bind_fields, target);
}

static void read_volume_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &volume_options_fields, target);
}

static void read_tmpfs_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &tmpfs_fields, target);
}

static void read_image_options(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &image_options_fields, target);
}

static const struct field mount_list[] = {
	{"bind", FIELD_USED, read_bind, 0, &bind_fields, NULL},
	{"consistency", FIELD_NO_EFFECT, NULL, 0, NULL, "virtiofs has one"},
	{"image", FIELD_USED, read_image_options, 0, &image_options_fields, NULL},
	{"read_only", FIELD_USED, read_bool, AT(is_read_only), NULL, NULL,
	 .takes = "true or false, or text"},
	{"source", FIELD_USED, read_text, AT(source), NULL,
	 "a volume of the top's, a path, or the name of an image"},
	{"target", FIELD_USED, read_text, AT(target), NULL, "absolute; where in the container"},
	{"tmpfs", FIELD_USED, read_tmpfs_options, 0, &tmpfs_fields, NULL},
	{"type", FIELD_USED, read_text, AT(type), NULL,
	 "volume, bind, tmpfs or image; the others are refused",
	 .takes = "volume|bind|tmpfs|image"},
	{"volume", FIELD_USED, read_volume_options, 0, &volume_options_fields, NULL}};
#undef AT
const struct field_set compose_mount_fields = {"mount", mount_list, ARRAY_SIZE(mount_list),
					       .is_open = true};

static void fill_bind(struct volume *volume, const struct mount_options *options)
{
	volume->kind = VOLUME_HOST_PATH;
	volume->host_path = xstrdup(options->source);
	/* A file stays one; what is missing is a folder, as for Docker. */
	if (options->creates_path && !path_exists(options->source))
		volume->host_path_type = xstrdup("DirectoryOrCreate");
}

static void fill_memory(struct volume *volume, const struct mount_options *options)
{
	volume->is_memory = true;
	volume->size_limit_bytes = options->size_bytes;
}

/* As Docker's and Kubernetes': asked for where it is not here yet. */
static void fill_image(struct volume *volume, const struct mount_options *options)
{
	volume->kind = VOLUME_IMAGE;
	volume->image = xstrdup(options->source);
}

static struct volume *named_volume(struct compose_service *service, struct source_mark mark,
				   const char *source)
{
	AUTO_FREE char *name = compose_plain_name(source);
	bool is_new = true;
	struct volume *volume = volume_of(service, name, mark, &is_new);
	if (is_new) {
		volume->kind = VOLUME_CLAIM;
		volume->ref_name = TAKE_PTR(name);
	}
	return volume;
}

static struct volume *volume_for(struct compose_service *service, struct source_mark mark,
				 const struct mount_options *options)
{
	static const struct {
		const char *type;
		void (*fill)(struct volume *volume, const struct mount_options *options);
	} types[] = {{"bind", fill_bind}, {"tmpfs", fill_memory}, {"image", fill_image}};
	bool has_source = options->source != NULL && options->source[0] != '\0';

	if (strcmp(options->type, "volume") == 0)
		return has_source ? named_volume(service, mark, options->source)
				  : new_volume(service, mark);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(options->type, types[i].type) != 0)
			continue;
		struct volume *volume = new_volume(service, mark);
		if (has_source || types[i].fill == fill_memory)
			types[i].fill(volume, options);
		return volume;
	}
	return NULL;
}

static void add_one(struct loader *loader, const struct yaml_node *node,
		    struct compose_service *service, const struct mount_options *options)
{
	struct source_mark mark = loader_mark(loader, node);
	bool is_image = strcmp(options->type, "image") == 0;

	if (is_image && (options->source == NULL || options->source[0] == '\0')) {
		loader_missing(loader, node, "source", "source: nginx:1.25");
		return;
	}
	const struct volume *volume = volume_for(service, mark, options);
	if (volume == NULL) {
		loader_error(loader, node, "volume, bind, tmpfs or image",
			     "volumes: the type '%.20s' is not supported", options->type);
		return;
	}
	struct volume_mount *mount = add_mount(service, volume, options->target, mark);
	mount->is_read_only = options->is_read_only || is_image;
	mount->sub_path = xstrdup_or_null(options->subpath);
}

void compose_read_volumes(struct loader *loader, const struct yaml_node *node, void *target)
{
	for (size_t i = 0; i < node->item_count; i++) {
		AUTO(mount_options_clear) struct mount_options options = {.creates_path = true};
		const struct yaml_node *item = node->items[i];
		loader_read_map(loader, item, &compose_mount_fields, &options);
		if (options.target == NULL)
			loader_missing(loader, item, "target", "target: /data");
		else if (options.type != NULL)
			add_one(loader, item, target, &options);
	}
}

/* "/run", "/run:size=64m,mode=1777" */
void compose_read_tmpfs(struct loader *loader, const struct yaml_node *node, void *target)
{
	for (size_t i = 0; i < node->item_count; i++) {
		AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
		const struct yaml_node *item = node->items[i];
		struct source_mark mark = loader_mark(loader, item);
		AUTO_FREE char *path = xstrndup(item->text, strcspn(item->text, ":"));
		struct volume *volume = new_volume(target, mark);
		volume->is_memory = true;
		if (item->text[strlen(path)] == ':')
			string_list_split(&options, item->text + strlen(path) + 1, ',');
		struct volume_mount *mount = add_mount(target, volume, path, mark);
		for (size_t k = 0; k < options.count; k++) {
			const char *option = options.items[k];
			struct yaml_node size = *item;
			size.text = option + 5;
			if (strncmp(option, "size=", 5) == 0)
				read_size(loader, &size, &volume->size_limit_bytes);
			else if (strcmp(option, "ro") == 0)
				mount->is_read_only = true;
			else
				loader_note(loader, item, "tmpfs: '%.40s' has no effect here",
					    option);
		}
	}
}

void compose_read_shm_size(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct source_mark mark = loader_mark(loader, node);
	uint64_t bytes = 0;
	if (!compose_bytes(node, &bytes)) {
		loader_error(loader, node, "64m, 1gb", "shm_size: '%.40s' is no number of bytes",
			     node->text ? node->text : "");
		return;
	}
	struct volume *volume = new_volume(target, mark);
	volume->is_memory = true;
	volume->size_limit_bytes = bytes;
	(void)add_mount(target, volume, "/dev/shm", mark);
}

struct file_options {
	char *source;
	char *target;
	bool has_mode;
	uint16_t mode;
};

static void file_options_clear(struct file_options *options)
{
	free(options->source);
	free(options->target);
}

/* Written in octal, as a number or as a text. */
static void read_file_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct file_options *options = target;
	unsigned mode = 0;
	options->has_mode = true;
	if (node->type == YAML_INTEGER && node->integer >= 0 && node->integer <= 0777)
		mode = (unsigned)node->integer;
	else if (node->type != YAML_TEXT || !parse_octal(node->text, 0777, &mode))
		loader_error(loader, node, "mode: 0444", "mode: '%.20s' is none",
			     node->text ? node->text : "");
	options->mode = (uint16_t)mode;
}

#define AT(member) offsetof(struct file_options, member)
static const struct field file_list[] = {
	{"gid", FIELD_NO_EFFECT, NULL, 0, NULL, "files belong to root; mode says who may read"},
	{"mode", FIELD_USED, read_file_mode, 0, NULL, "default 0444", .takes = "mode"},
	{"source", FIELD_USED, read_text, AT(source), NULL, "the name at the top of the file"},
	{"target", FIELD_USED, read_text, AT(target), NULL, "where in the container"},
	{"uid", FIELD_NO_EFFECT, NULL, 0, NULL, "files belong to root; mode says who may read"}};
#undef AT
const struct field_set compose_file_fields = {"config of a service", file_list,
					      ARRAY_SIZE(file_list), .is_open = true};

/* One file: a volume with one item, mounted by its name. */
static void add_file(struct compose_service *service, const struct file_options *options,
		     const char *path, enum volume_kind kind, struct source_mark mark)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	struct volume *volume = new_volume(service, mark);

	volume->kind = kind;
	volume->ref_name = compose_plain_name(options->source);
	struct volume_item *item = ARRAY_APPEND(volume->items, volume->item_count);
	item->key = xstrdup(options->source);
	item->path = xstrdup(base);
	item->has_mode = true;
	item->mode = options->has_mode ? options->mode : 0444;
	item->mark = mark;
	struct volume_mount *mount = add_mount(service, volume, path, mark);
	mount->sub_path = xstrdup(base);
	mount->is_read_only = true;
}

static void read_files(struct loader *loader, const struct yaml_node *node, void *target,
		       enum volume_kind kind)
{
	const char *folder = kind == VOLUME_SECRET ? "/run/secrets" : "";
	for (size_t i = 0; i < node->item_count; i++) {
		AUTO(file_options_clear) struct file_options options = {0};
		const struct yaml_node *item = node->items[i];
		loader_read_map(loader, item, &compose_file_fields, &options);
		if (options.source == NULL) {
			loader_missing(loader, item, "source", "source: its name");
			continue;
		}
		const char *said = options.target;
		bool is_absolute = said != NULL && said[0] == '/';
		AUTO_FREE char *path =
			is_absolute
				? xstrdup(said)
				: xasprintf("%s/%s", folder, said != NULL ? said : options.source);
		add_file(target, &options, path, kind, loader_mark(loader, item));
	}
}

void compose_read_configs(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_files(loader, node, target, VOLUME_CONFIG_MAP);
}

void compose_read_secrets(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_files(loader, node, target, VOLUME_SECRET);
}
