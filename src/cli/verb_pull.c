/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/manifest_files.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "image/oci/image_ref.h"
#include "image/oci/resolve.h"
#include "image/pod/image_process.h"
#include "manifest/pod_images.h"

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	INSECURE_REGISTRY_OPTION,
	VERIFY_KEY_OPTION,
	{"lock", 0, OPTION_FLAG, NULL, "write what was pulled to i2kit.lock", COMPLETE_NONE},
	{"lock-file", 0, OPTION_VALUE, "FILE", "another name for i2kit.lock", COMPLETE_FILE},
	{"policy", 0, OPTION_VALUE, "always|missing|never", "when to ask the registry (always)",
	 COMPLETE_FORMAT},
};

static bool parse_policy(const char *text, enum pull_policy *ret, struct error *err)
{
	static const struct {
		const char *name;
		enum pull_policy policy;
	} policies[] = {
		{"always", PULL_ALWAYS},
		{"missing", PULL_IF_NOT_PRESENT},
		{"never", PULL_NEVER},
	};
	for (size_t i = 0; text != NULL && i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i].name, text) == 0) {
			*ret = policies[i].policy;
			return true;
		}
	}
	return text == NULL ||
	       error_set(err, ERROR_USAGE, "--policy is always, missing or never, not '%s'", text);
}

static void write_image(struct json_writer *json, const struct oci_image *image,
			const struct image_ref *ref)
{
	uint64_t size = 0;
	for (size_t i = 0; i < image->layer_count; i++)
		size += image->layers[i].size_bytes;
	json_open_object(json, NULL);
	json_write_text(json, "reference", image->reference);
	json_write_text(json, "digest", DIGEST_TEXT(&ref->digest));
	json_write_text(json, "manifest", DIGEST_TEXT(&image->digest));
	json_write_text(json, "source", ref->source);
	json_write_text_if(json, "checked", ref->checked);
	json_write_unsigned(json, "layers", image->layer_count);
	json_write_unsigned(json, "sizeBytes", size);
	json_close(json);
}

/* What to write into a manifest to get these bytes again. */
static void append_name(struct strbuf *text, const struct oci_image *image,
			const struct image_ref *ref)
{
	size_t length = strcspn(image->reference, "@");
	strbuf_append_bytes(text, image->reference, length);
	strbuf_appendf(text, "@%s\n", DIGEST_TEXT(&ref->digest));
}

struct pull {
	struct store *store;
	const char *name;
	const struct image_options *options;
	bool is_json;
};

/* In a process of its own: the one word it hands back is what is printed. */
static bool pull_apart(void *arg, const struct progress *progress, struct string_list *words,
		       struct error *err)
{
	const struct pull *pull = arg;
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(image_ref_clear) struct image_ref ref = {0};
	struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	if (!image_resolve(pull->store, pull->name, PULL_ALWAYS, pull->options, progress, &image,
			   err) ||
	    !image_ref_read(pull->store, image.reference, &ref, err))
		return false;
	if (pull->is_json)
		write_image(&json, &image, &ref);
	else
		append_name(&text, &image, &ref);
	string_list_take(words, strbuf_take(&text));
	return true;
}

static bool pull_one(struct pull *pull, const struct progress *progress, struct string_list *words,
		     struct error *err)
{
	AUTO(string_list_clear) struct string_list references = STRING_LIST_INIT;
	const struct image_process process = {.store = pull->store,
					      .options = pull->options,
					      .references = &references,
					      .progress = progress};
	string_list_add(&references, pull->name);
	return image_process_run(&process, pull_apart, pull, words, err);
}

static bool pull_all(struct store *store, const struct invocation *invocation,
		     const struct string_list *names, const struct image_options *image_options,
		     struct strbuf *text, struct error *err)
{
	bool is_json = invocation->output == OUTPUT_JSON;
	struct json_writer json = JSON_WRITER(text, 0);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	if (is_json)
		json_open_list(&json, NULL);
	for (size_t i = 0; i < names->count; i++) {
		AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
		struct pull pull = {.store = store,
				    .name = names->items[i],
				    .options = image_options,
				    .is_json = is_json};
		if (!pull_one(&pull, progress_view_progress(view), &words, err))
			return false;
		if (is_json)
			json_write_raw(&json, NULL, words.count > 0 ? words.items[0] : "null");
		else
			strbuf_append(text, words.count > 0 ? words.items[0] : "");
	}
	if (is_json)
		json_close(&json);
	return true;
}

static void add_images(const struct pod_spec *pod, struct string_list *names)
{
	for (size_t i = 0; i < pod_images_count(pod); i++) {
		const char *image = pod_images_at(pod, i).image;
		if (!string_list_has(names, image))
			string_list_add(names, image);
	}
}

/* Those named, or each image of the manifests once. */
static bool list_images(const struct invocation *invocation, struct app *app,
			struct string_list *names, struct error *err)
{
	const struct string_list *given = arguments_rest(invocation->args);
	const struct string_list *files = arguments_values(invocation->args, "file");
	if (given->count > 0) {
		if (files != NULL && files->count > 0)
			return error_set(err, ERROR_USAGE, "give images or -f, not both");
		string_list_copy(names, given);
		return true;
	}
	if (!manifest_files_load(invocation, app, err))
		return false;
	for (size_t i = 0; i < app->pod_count; i++)
		add_images(&app->pods[i], names);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct string_list *insecure = arguments_values(args, "insecure-registry");
	const char *lock_file = arguments_value(args, "lock-file");
	struct image_options image_options = {.has_pull = true, .pull = PULL_ALWAYS};
	if (!parse_policy(arguments_value(args, "policy"), &image_options.pull, err))
		return 2;
	if (arguments_flag(args, "lock") && lock_file == NULL)
		lock_file = "i2kit.lock";
	image_options.lock_file = lock_file;
	image_options.update_lock = lock_file != NULL;
	image_options.insecure_registries =
		insecure != NULL ? (const char *const *)insecure->items : NULL;
	AUTO(app_clear) struct app app = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (!list_images(invocation, &app, &names, err))
		return 1;
	image_options.verify_key = arguments_value(args, "verify-key");
	image_options.folder = app.folder;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (store == NULL)
		return 1;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	bool is_done = pull_all(store, invocation, &names, &image_options, &text, err);
	if (invocation->output != OUTPUT_JSON)
		(void)fputs(strbuf_text(&text), stdout);
	else if (is_done)
		output_document(strbuf_text(&text));
	return is_done ? 0 : 1;
}

const struct verb verb_pull = {
	.name = "pull",
	.group = VERB_IMAGE,
	.summary = "fetch images into the store",
	.description =
		"Fetches the images named, or those of the manifests, for linux/amd64 and checks "
		"every byte of them against its digest. "
		"An IMAGE is a registry's name as in Docker (nginx:1.22, "
		"quay.io/org/app@sha256:…), "
		"oci:FOLDER[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or "
		"docker-daemon:NAME. Logins of docker, podman and skopeo are used, with their "
		"credential helpers.\n\n"
		"Mirrors are read from ~/.config/i2kit/registries.json, or else Docker's "
		"daemon.json; "
		"certificates from certs.d/HOST below ~/.config/i2kit, /etc/containers and "
		"/etc/docker. A download that was cut goes on where it stopped, also after a "
		"kill.\n\n"
		"Signatures are asked for as /etc/containers/policy.json or "
		"~/.config/containers/policy.json says (i2kit policy IMAGE). --verify-key asks "
		"besides for one by that key: a sigstore public key (cosign.pub: attached in the "
		"registry) or OpenPGP keys.\n\n"
		"Pulling first is never needed: up and build fetch what is missing.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"IMAGE", 0, 0, COMPLETE_IMAGE},
	.has_output = true,
	.names = "{[*].reference}",
	.example = "i2kit pull\n"
		   "i2kit pull nginx:1.22\n"
		   "i2kit pull --lock nginx:1.22 redis:7\n"
		   "i2kit pull --verify-key cosign.pub registry.example/team/app:1\n"
		   "i2kit pull docker-daemon:my-app\n",
	.run = run,
};
