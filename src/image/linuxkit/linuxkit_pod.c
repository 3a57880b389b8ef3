/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_pod.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "image/oci/reference.h"
#include "manifest/pod_images.h"

/* Of LinuxKit's examples/minimal.yml at v1.8.2. */
static const char head[] =
	"kernel:\n"
	"  image: linuxkit/kernel:6.12.59\n"
	"  cmdline: \"console=ttyS0 quiet panic=-1\"\n"
	"init:\n"
	"  - linuxkit/init:b5506cc74a6812dc40982cacfd2f4328f8a4b12a\n"
	"  - linuxkit/runc:9442aa234715e751a16144f1d4ae3fd1a00fd492\n"
	"  - linuxkit/containerd:ba19f64efd3331a8fd0a33e00eabd14f6ee1780e\n"
	"  - linuxkit/ca-certificates:256f1950df59f2f209e9f0b81374177409eb11de\n"
	"onboot:\n"
	"  - name: dhcpcd\n"
	"    image: linuxkit/dhcpcd:b87e9ececac55a65eaa592f4dd8b4e0c3009afdb\n"
	"    command: [\"/sbin/dhcpcd\", \"--nobackground\", \"-f\", \"/dhcpcd.conf\", \"-1\"]\n";

static void write_list(struct strbuf *text, const char *key, const struct string_list *list)
{
	if (list->count == 0)
		return;
	strbuf_appendf(text, "    %s: [", key);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			strbuf_append(text, ", ");
		strbuf_append_json(text, list->items[i]);
	}
	strbuf_append(text, "]\n");
}

static void write_text(struct strbuf *text, const char *key, const char *value)
{
	strbuf_appendf(text, "    %s: ", key);
	strbuf_append_json(text, value);
	strbuf_append_char(text, '\n');
}

/* Pinned, where the image has a place that others can ask. */
static void write_image(struct strbuf *text, const char *named, const struct oci_image *image,
			bool is_portable)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	if (!reference_parse(named, "/", &reference, &ignored) ||
	    reference.transport != TRANSPORT_REGISTRY) {
		AUTO_FREE char *name = is_portable ? reference_portable(named) : xstrdup(named);
		strbuf_appendf(text, "    # not in a registry: %s\n",
			       is_portable ? DIGEST_TEXT(&image->digest)
					   : "i2kit finds this image, linuxkit does not");
		write_text(text, "image", name);
		return;
	}
	AUTO_FREE char *pinned =
		digest_is_set(&reference.digest)
			? xstrdup(reference.text)
			: xasprintf("%s@%s", reference.text, DIGEST_TEXT(&image->digest));
	write_text(text, "image", pinned);
}

/* Kubernetes' rule: command replaces both of the image's, args its Cmd alone. */
static void write_command(struct strbuf *text, const struct container_spec *container,
			  struct json_view config)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	if (!container->has_command && !container->has_args)
		return;
	if (container->has_command)
		string_list_copy(&words, &container->command);
	else
		json_view_texts(json_view_get(config, "Entrypoint"), SIZE_MAX, &words);
	string_list_copy(&words, &container->args);
	write_list(text, "command", &words);
}

static void write_capabilities(struct strbuf *text, const struct security_context *security)
{
	/* Docker's default set. */
	static const char *const defaults[] = {
		"AUDIT_WRITE", "CHOWN",	  "DAC_OVERRIDE", "FOWNER",    "FSETID",
		"KILL",	       "MKNOD",	  "NET_RAW",	  "SETFCAP",   "NET_BIND_SERVICE",
		"SETGID",      "SETPCAP", "SETUID",	  "SYS_CHROOT"};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	bool is_all =
		security->is_privileged || string_list_has(&security->capabilities_add, "ALL");
	bool drops_all = string_list_has(&security->capabilities_drop, "ALL");
	if (is_all) {
		strbuf_append(text, "    capabilities: [\"all\"]\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && !drops_all; i++) {
		if (!string_list_has(&security->capabilities_drop, defaults[i]))
			string_list_addf(&names, "CAP_%s", defaults[i]);
	}
	for (size_t i = 0; i < security->capabilities_add.count; i++) {
		AUTO_FREE char *name = xasprintf("CAP_%s", security->capabilities_add.items[i]);
		if (!string_list_has(&names, name))
			string_list_add(&names, name);
	}
	string_list_sort(&names);
	write_list(text, "capabilities", &names);
}

/* LinuxKit does not read the image's User; a name needs the image's /etc/passwd, which is not read
 * here. */
static void write_user(struct strbuf *text, const struct security_context *security,
		       struct json_view config)
{
	const char *user = json_view_peek(json_view_get(config, "User"));
	uint64_t uid = 0;
	uint64_t gid = 0;
	AUTO_FREE char *copy = xstrdup(user ? user : "");
	char *colon = strchr(copy, ':');
	if (colon != NULL)
		*colon = '\0';
	bool has_uid = parse_u64(copy, 0, UINT32_MAX, &uid);
	bool has_gid = colon != NULL && parse_u64(colon + 1, 0, UINT32_MAX, &gid);
	if (security->has_user)
		uid = security->run_as_user;
	else if (copy[0] != '\0' && !has_uid)
		strbuf_appendf(text, "    # the image runs as '%.64s'; give its number as uid\n",
			       copy);
	if (security->has_user || has_uid)
		strbuf_appendf(text, "    uid: %llu\n", (unsigned long long)uid);
	if (security->has_group)
		gid = security->run_as_group;
	if (security->has_group || has_gid)
		strbuf_appendf(text, "    gid: %llu\n", (unsigned long long)gid);
}

static void write_resources(struct strbuf *text, const struct resources *resources)
{
	enum { PERIOD_US = 100000, MILLIS = 1000 };
	if (resources->memory_limit_bytes == 0 && resources->cpu_limit_millis == 0)
		return;
	strbuf_append(text, "    resources:\n");
	if (resources->memory_limit_bytes > 0)
		strbuf_appendf(text, "      memory: {limit: %llu}\n",
			       (unsigned long long)resources->memory_limit_bytes);
	if (resources->cpu_limit_millis > 0)
		strbuf_appendf(text, "      cpu: {quota: %llu, period: %d}\n",
			       (unsigned long long)resources->cpu_limit_millis *
				       (PERIOD_US / MILLIS),
			       PERIOD_US);
}

static bool is_image_volume(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (strcmp(pod->volumes[i].name, name) == 0)
			return pod->volumes[i].kind == VOLUME_IMAGE;
	}
	return false;
}

/* LinuxKit has volumes of images too, and binds them whole, by their name. */
static void write_binds(struct strbuf *text, const struct pod_spec *pod,
			const struct container_spec *container)
{
	AUTO(string_list_clear) struct string_list binds = STRING_LIST_INIT;
	string_list_add(&binds, "/etc/resolv.conf:/etc/resolv.conf");
	for (size_t i = 0; i < container->mount_count; i++) {
		const struct volume_mount *mount = &container->mounts[i];
		if (!is_image_volume(pod, mount->volume))
			continue;
		if (mount->sub_path == NULL && mount->sub_path_expr == NULL)
			string_list_addf(&binds, "%s:%s:ro", mount->volume, mount->mount_path);
		else
			strbuf_appendf(text, "    # linuxkit binds no part of a volume: %.64s\n",
				       mount->volume);
	}
	write_list(text, "binds", &binds);
}

static void write_volumes(struct strbuf *text, const struct pod_spec *pod,
			  const struct oci_image *images, bool is_portable)
{
	size_t first = pod->init_container_count + pod->container_count;
	for (size_t i = first; i < pod_images_count(pod); i++) {
		const struct pod_image_use use = pod_images_at(pod, i);
		strbuf_append(text, i == first ? "volumes:\n  - name: " : "  - name: ");
		strbuf_append_json(text, use.volume->name);
		strbuf_append_char(text, '\n');
		write_image(text, use.image, &images[i], is_portable);
		strbuf_append(text, "    readonly: true\n");
	}
}

static void write_container(struct strbuf *text, const struct pod_spec *pod,
			    const struct container_spec *container, const struct oci_image *image,
			    bool is_portable)
{
	const struct security_context *security = &container->security;
	const char *json = image->config_json;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(json, strlen(json), "image config", JSON_LAST_KEY_WINS, NULL);
	struct json_view config = {0};
	if (document != NULL)
		config = json_view_get(json_document_root(document), "config");
	strbuf_append(text, "  - name: ");
	strbuf_append_json(text, container->name);
	strbuf_append_char(text, '\n');
	write_image(text, container->image, image, is_portable);
	write_command(text, container, config);
	if (container->working_dir != NULL)
		write_text(text, "cwd", container->working_dir);
	write_user(text, security, config);
	write_capabilities(text, security);
	if (security->is_read_only_root)
		strbuf_append(text, "    readonly: true\n");
	if (security->allow_privilege_escalation == TRI_FALSE)
		strbuf_append(text, "    noNewPrivileges: true\n");
	write_resources(text, &container->resources);
	write_binds(text, pod, container);
}

char *linuxkit_pod_write(const struct pod_spec *pod, const struct oci_image *images,
			 bool is_portable)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	strbuf_append(&text, "# Pod ");
	strbuf_append_json(&text, pod->name);
	strbuf_append(&text, " as a LinuxKit document. Environment, volumes, probes and restarts "
			     "are i2kit's\n# configuration and not part of an image.\n");
	strbuf_append(&text, head);
	/* A sidecar starts before the containers and stays. */
	for (size_t i = 0; i < pod->init_container_count; i++) {
		if (!pod->init_containers[i].is_sidecar)
			write_container(&text, pod, &pod->init_containers[i], &images[i],
					is_portable);
	}
	strbuf_append(&text, "services:\n");
	for (size_t i = 0; i < pod->init_container_count; i++) {
		if (pod->init_containers[i].is_sidecar)
			write_container(&text, pod, &pod->init_containers[i], &images[i],
					is_portable);
	}
	for (size_t i = 0; i < pod->container_count; i++)
		write_container(&text, pod, &pod->containers[i],
				&images[pod->init_container_count + i], is_portable);
	write_volumes(&text, pod, images, is_portable);
	return strbuf_take(&text);
}

bool linuxkit_pod_make(struct store *store, const struct pod_spec *pod,
		       const struct image_options *options, const struct progress *progress,
		       char **ret, struct error *err)
{
	bool is_done = true;
	size_t count = pod_images_count(pod);
	struct oci_image *images = xcalloc(count + 1, sizeof(*images));
	for (size_t i = 0; i < count && is_done; i++) {
		const struct pod_image_use use = pod_images_at(pod, i);
		AUTO_FREE char *name = pod_image_use_name(&use);
		is_done = image_resolve(store, use.image, use.pull_policy, options, progress,
					&images[i], err) ||
			  error_prefix(err, "%s", name);
	}
	if (is_done)
		*ret = linuxkit_pod_write(pod, images, false);
	for (size_t i = 0; i < count; i++)
		oci_image_clear(&images[i]);
	free(images);
	return is_done;
}
