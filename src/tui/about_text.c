/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/about_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "local/plan/state.h"
#include "manifest/yaml_writer.h"
#include "tui/about.h"

/* ---- the manifest ---- */

static void write_list(struct yaml_writer *yaml, const char *key, const struct string_list *list,
		       bool is_given)
{
	if (is_given)
		yaml_write_texts(yaml, key, list);
}

static void write_ports(struct yaml_writer *yaml, const struct container_image *container)
{
	yaml_write_map(yaml, "ports");
	for (size_t i = 0; i < container->port_count; i++) {
		const struct port_entry *port = &container->ports[i];
		yaml_write_item(yaml);
		yaml_write_number(yaml, "containerPort", port->port);
		yaml_write_text(yaml, "name", port->name);
		if (port->protocol != PROTOCOL_TCP)
			yaml_write_text(yaml, "protocol", protocol_words[port->protocol]);
		yaml_write_end(yaml);
	}
	yaml_write_end(yaml);
}

static void write_millis(struct yaml_writer *yaml, const char *key, uint64_t millis)
{
	if (millis > 0)
		yaml_write_textf(yaml, key, "%" PRIu64 "m", millis);
}

static void write_size(struct yaml_writer *yaml, const char *key, uint64_t bytes)
{
	if (bytes >= 1 << 20 && bytes % (1 << 20) == 0)
		yaml_write_textf(yaml, key, "%" PRIu64 "Mi", bytes >> 20);
	else if (bytes > 0)
		yaml_write_number(yaml, key, bytes);
}

static void write_resources(struct yaml_writer *yaml, const struct container_image *container)
{
	yaml_write_map(yaml, "resources");
	yaml_write_map(yaml, "limits");
	write_millis(yaml, "cpu", container->cpu_limit_millis);
	write_size(yaml, "memory", container->memory_limit_bytes);
	write_size(yaml, "ephemeral-storage", container->ephemeral_limit_bytes);
	yaml_write_end(yaml);
	yaml_write_map(yaml, "requests");
	write_millis(yaml, "cpu", container->cpu_request_millis);
	write_size(yaml, "memory", container->memory_request_bytes);
	write_size(yaml, "ephemeral-storage", container->ephemeral_request_bytes);
	yaml_write_end(yaml);
	yaml_write_end(yaml);
}

static void write_check(struct yaml_writer *yaml, const struct check *check)
{
	yaml_write_map(yaml, check_words[check->type]);
	yaml_write_texts(yaml, "command", &check->command);
	yaml_write_text(yaml, "host", check->host);
	yaml_write_text(yaml, "path", check->path);
	if (check->port != 0)
		yaml_write_number(yaml, "port", check->port);
	if (check->is_https)
		yaml_write_text(yaml, "scheme", "HTTPS");
	yaml_write_text(yaml, "service", check->service);
	if (check->sleep_ms > 0)
		yaml_write_number(yaml, "seconds", check->sleep_ms / 1000);
	yaml_write_end(yaml);
}

static void write_probe(struct yaml_writer *yaml, const char *key, const struct probe_spec *probe)
{
	if (probe->check.type == CHECK_NONE)
		return;
	yaml_write_map(yaml, key);
	write_check(yaml, &probe->check);
	yaml_write_number(yaml, "initialDelaySeconds", probe->initial_delay_ms / 1000);
	yaml_write_number(yaml, "periodSeconds", probe->period_ms / 1000);
	yaml_write_number(yaml, "timeoutSeconds", probe->timeout_ms / 1000);
	yaml_write_number(yaml, "failureThreshold", probe->failure_threshold);
	yaml_write_end(yaml);
}

static void write_hooks(struct yaml_writer *yaml, const struct container_image *container)
{
	yaml_write_map(yaml, "lifecycle");
	if (container->post_start.type != CHECK_NONE) {
		yaml_write_map(yaml, "postStart");
		write_check(yaml, &container->post_start);
		yaml_write_end(yaml);
	}
	if (container->pre_stop.type != CHECK_NONE) {
		yaml_write_map(yaml, "preStop");
		write_check(yaml, &container->pre_stop);
		yaml_write_end(yaml);
	}
	yaml_write_end(yaml);
}

/* Where a value comes from; those of secrets are named, never shown. */
static void write_env(struct yaml_writer *yaml, const struct env_rule *rule)
{
	yaml_write_item(yaml);
	yaml_write_text(yaml, "name", rule->name);
	if (rule->kind == ENV_VALUE) {
		yaml_write_text(yaml, "value", rule->value);
		yaml_write_end(yaml);
		return;
	}
	yaml_write_map(yaml, "valueFrom");
	yaml_write_map(yaml, rule->kind == ENV_SECRET	    ? "secretKeyRef"
			     : rule->kind == ENV_CONFIG_MAP ? "configMapKeyRef"
			     : rule->kind == ENV_FIELD	    ? "fieldRef"
							    : "resourceFieldRef");
	bool is_map = rule->kind == ENV_SECRET || rule->kind == ENV_CONFIG_MAP;
	yaml_write_text(yaml,
			is_map			  ? "name"
			: rule->kind == ENV_FIELD ? "fieldPath"
						  : "resource",
			rule->value);
	yaml_write_text(yaml, "key", rule->key);
	yaml_write_end(yaml);
	yaml_write_end(yaml);
	yaml_write_end(yaml);
}

static void write_config(struct yaml_writer *yaml, const struct container_config *config)
{
	yaml_write_map(yaml, "envFrom");
	for (size_t i = 0; i < config->source_count; i++) {
		const struct env_import *import = &config->sources[i];
		yaml_write_item(yaml);
		yaml_write_text(yaml, "prefix", import->prefix);
		yaml_write_map(yaml, import->is_secret ? "secretRef" : "configMapRef");
		yaml_write_text(yaml, "name", import->map);
		yaml_write_end(yaml);
		yaml_write_end(yaml);
	}
	yaml_write_end(yaml);
	yaml_write_map(yaml, "env");
	for (size_t i = 0; i < config->env_count; i++)
		write_env(yaml, &config->env[i]);
	yaml_write_end(yaml);
	yaml_write_map(yaml, "volumeMounts");
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct mount_rule *mount = &config->mounts[i];
		yaml_write_item(yaml);
		yaml_write_text(yaml, "name", mount->volume);
		yaml_write_text(yaml, "mountPath", mount->path);
		yaml_write_text(yaml, "subPath", mount->sub_path);
		yaml_write_text(yaml, "subPathExpr", mount->sub_path_expression);
		if (mount->is_read_only)
			yaml_write_bool(yaml, "readOnly", true);
		yaml_write_end(yaml);
	}
	yaml_write_end(yaml);
}

static void write_container(struct yaml_writer *yaml, const struct pod_facts *facts,
			    const struct container_image *container)
{
	const struct container_config *config = release_container(&facts->release, container->name);

	yaml_write_item(yaml);
	yaml_write_text(yaml, "name", container->name);
	yaml_write_text(yaml, "image", container->image);
	write_list(yaml, "command", &container->command, container->has_command);
	write_list(yaml, "args", &container->args, container->has_args);
	yaml_write_text(yaml, "workingDir", container->wanted_working_dir);
	write_ports(yaml, container);
	if (config != NULL)
		write_config(yaml, config);
	write_resources(yaml, container);
	write_probe(yaml, "startupProbe", &container->startup);
	write_probe(yaml, "readinessProbe", &container->readiness);
	write_probe(yaml, "livenessProbe", &container->liveness);
	write_hooks(yaml, container);
	yaml_write_end(yaml);
}

static void write_volume(struct yaml_writer *yaml, const struct volume_rule *volume)
{
	yaml_write_item(yaml);
	yaml_write_text(yaml, "name", volume->name);
	switch (volume->kind) {
	case VOLUME_CONFIG_MAP:
		yaml_write_map(yaml, "configMap");
		yaml_write_text(yaml, "name", volume->ref);
		break;
	case VOLUME_SECRET:
		yaml_write_map(yaml, "secret");
		yaml_write_text(yaml, "secretName", volume->ref);
		break;
	case VOLUME_CLAIM:
		yaml_write_map(yaml, "persistentVolumeClaim");
		yaml_write_text(yaml, "claimName", volume->ref);
		break;
	case VOLUME_HOST_PATH:
		yaml_write_map(yaml, "hostPath");
		yaml_write_text(yaml, "path", volume->host_path);
		yaml_write_text(yaml, "type", volume->host_type);
		break;
	default:
		yaml_write_empty_map(yaml, volume_words[volume->kind]);
		yaml_write_end(yaml);
		return;
	}
	yaml_write_end(yaml);
	yaml_write_end(yaml);
}

static void write_labels(struct yaml_writer *yaml, const char *key, const struct string_list *pairs)
{
	yaml_write_map(yaml, key);
	for (size_t i = 0; i < pairs->count; i++) {
		const char *end = strchr(pairs->items[i], '=');
		AUTO_FREE char *name =
			end != NULL ? xstrndup(pairs->items[i], (size_t)(end - pairs->items[i]))
				    : xstrdup(pairs->items[i]);
		yaml_write_text(yaml, name, end != NULL ? end + 1 : "");
	}
	yaml_write_end(yaml);
}

static void write_containers(struct yaml_writer *yaml, const struct pod_facts *facts, bool is_init)
{
	yaml_write_map(yaml, is_init ? "initContainers" : "containers");
	for (size_t i = 0; i < facts->image.container_count; i++) {
		if (facts->image.containers[i].is_init == is_init)
			write_container(yaml, facts, &facts->image.containers[i]);
	}
	yaml_write_end(yaml);
}

static void write_spec(struct yaml_writer *yaml, const struct pod_facts *facts)
{
	const struct release *release = &facts->release;

	yaml_write_map(yaml, "spec");
	yaml_write_text(yaml, "hostname", release->hostname);
	if (facts->image.restart_policy != RESTART_ALWAYS)
		yaml_write_text(yaml, "restartPolicy",
				restart_policy_words[facts->image.restart_policy]);
	yaml_write_number(yaml, "terminationGracePeriodSeconds", facts->image.grace_ms / 1000);
	write_containers(yaml, facts, true);
	write_containers(yaml, facts, false);
	yaml_write_map(yaml, "volumes");
	for (size_t i = 0; i < release->volume_count; i++)
		write_volume(yaml, &release->volumes[i]);
	yaml_write_end(yaml);
	yaml_write_end(yaml);
}

static void append_release(struct strbuf *out, const struct pod_facts *facts,
			   const struct instance_status *instance)
{
	const struct pod_plan *pod = facts->pod;
	bool is_other = instance != NULL && !release_id_equal(&instance->release, &pod->release);

	strbuf_append(out, "# release\n");
	strbuf_appendf(out, "image:    %s\nconfig:   %s\n", DIGEST_TEXT(&pod->release.image),
		       DIGEST_TEXT(&pod->release.config));
	if (is_other)
		strbuf_appendf(out,
			       "# %s still runs an older release; it is being replaced:\n"
			       "image:    %s\nconfig:   %s\n",
			       instance->name, DIGEST_TEXT(&instance->release.image),
			       DIGEST_TEXT(&instance->release.config));
	strbuf_appendf(out, "disk:     %s\nkernel:   %s\ncmdline:  %s\n", pod->image_path,
		       pod->kernel_path ? pod->kernel_path : "", pod->cmdline ? pod->cmdline : "");
	strbuf_appendf(out, "vm:       %u cpu, %" PRIu64 " MiB\n", pod->cpu_count,
		       pod->memory_bytes >> 20);
	if (instance != NULL && instance->uuid != NULL)
		strbuf_appendf(out, "uuid:     %s\n", instance->uuid);
	if (pod->is_dirty || (instance != NULL && instance->is_dirty))
		strbuf_append(out, "dirty:    yes, so not for promote\n");
	if (instance != NULL && instance->is_synced)
		strbuf_append(out, "synced:   not the image\n");
	for (size_t i = 0; i < facts->image.container_count; i++) {
		const struct container_image *container = &facts->image.containers[i];
		strbuf_appendf(out, "%s: %s %s, %zu layers\n", container->name,
			       container->image ? container->image : "?",
			       container->image_digest ? container->image_digest : "",
			       container->layer_count);
	}
}

char *about_manifest(const struct pod_facts *facts, const struct instance_status *instance)
{
	AUTO(yaml_writer_clear) struct yaml_writer yaml = {0};
	struct strbuf out = STRBUF_INIT;

	yaml_write_text(&yaml, "kind", facts->pod->kind_name);
	yaml_write_map(&yaml, "metadata");
	yaml_write_text(&yaml, "name", facts->pod->name);
	write_labels(&yaml, "labels", &facts->release.labels);
	write_labels(&yaml, "annotations", &facts->release.annotations);
	yaml_write_end(&yaml);
	yaml_write_number(&yaml, "replicas", facts->pod->replicas);
	write_spec(&yaml, facts);
	strbuf_append(&out, "# the pod as it was taken from the manifests\n");
	strbuf_append(&out, strbuf_text(&yaml.text));
	strbuf_append_char(&out, '\n');
	append_release(&out, facts, instance);
	return strbuf_take(&out);
}

/* ---- the environment ---- */

enum { SHOWN_BYTES = 4096 };

static void append_bytes(struct strbuf *out, const char *bytes, size_t size)
{
	bool is_text = utf8_is_valid(bytes, size, NULL) && memchr(bytes, '\0', size) == NULL;

	if (!is_text)
		strbuf_appendf(out, "(%zu bytes that are no text)", size);
	else
		strbuf_append_bytes(out, bytes, size < SHOWN_BYTES ? size : SHOWN_BYTES);
	if (is_text && size > SHOWN_BYTES)
		strbuf_appendf(out, " … (%zu bytes)", size);
}

static void append_entry(struct strbuf *out, const struct map_entry *entry, bool is_hidden)
{
	if (entry == NULL)
		strbuf_append(out, "(absent)");
	else if (is_hidden)
		strbuf_append(out, "******");
	else if (entry->bytes != NULL)
		append_bytes(out, entry->bytes, entry->size);
	else
		strbuf_append(out, entry->reference ? entry->reference : "(absent)");
}

static void append_rule(struct strbuf *out, const struct pod_facts *facts,
			const struct env_rule *rule, bool has_secrets)
{
	bool is_secret = rule->kind == ENV_SECRET;

	strbuf_appendf(out, "  %s = ", rule->name);
	switch (rule->kind) {
	case ENV_VALUE:
		append_bytes(out, rule->value, strlen(rule->value));
		break;
	case ENV_SECRET:
	case ENV_CONFIG_MAP: {
		const struct release_map *map =
			release_map(&facts->release, rule->value, is_secret);
		append_entry(out, map != NULL ? config_map_entry(map, rule->key) : NULL,
			     is_secret && !has_secrets);
		strbuf_appendf(out, "   (%s %s, %s)", is_secret ? "secret" : "configMap",
			       rule->value, rule->key);
		break;
	}
	default:
		strbuf_appendf(out, "(%s of the instance)", rule->value);
	}
	strbuf_append_char(out, '\n');
}

static void append_import(struct strbuf *out, const struct pod_facts *facts,
			  const struct env_import *import, bool has_secrets)
{
	const struct release_map *map =
		release_map(&facts->release, import->map, import->is_secret);
	const char *kind = import->is_secret ? "secret" : "configMap";

	for (size_t i = 0; map != NULL && i < map->entry_count; i++) {
		strbuf_appendf(out, "  %s%s = ", import->prefix ? import->prefix : "",
			       map->entries[i].key);
		append_entry(out, &map->entries[i], import->is_secret && !has_secrets);
		strbuf_appendf(out, "   (all of %s %s)\n", kind, import->map);
	}
	if (map == NULL)
		strbuf_appendf(out, "  (%s %s is absent)\n", kind, import->map);
}

char *about_environment(const struct pod_facts *facts, bool has_secrets)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < facts->image.container_count; i++) {
		const struct container_image *container = &facts->image.containers[i];
		const struct container_config *config =
			release_container(&facts->release, container->name);
		strbuf_appendf(&out, "%s%s%s\n", i > 0 ? "\n" : "", container->name,
			       container->is_init ? " (init)" : "");
		for (size_t k = 0; k < container->env.count; k++)
			strbuf_appendf(&out, "  %s   (image)\n", container->env.items[k]);
		for (size_t k = 0; config != NULL && k < config->source_count; k++)
			append_import(&out, facts, &config->sources[k], has_secrets);
		for (size_t k = 0; config != NULL && k < config->env_count; k++)
			append_rule(&out, facts, &config->env[k], has_secrets);
	}
	strbuf_append(&out,
		      "\nThe project's Services add NAME_SERVICE_HOST and NAME_SERVICE_PORT.\n");
	return strbuf_take(&out);
}

/* ---- the mounts ---- */

static void append_source(struct strbuf *out, const struct volume_rule *volume)
{
	strbuf_append(out, volume_words[volume->kind]);
	if (volume->ref != NULL)
		strbuf_appendf(out, " %s", volume->ref);
	if (volume->host_path != NULL)
		strbuf_appendf(out, " %s", volume->host_path);
	if (volume->is_memory)
		strbuf_append(out, " in memory");
	if (volume->size_limit_bytes > 0)
		strbuf_appendf(out, ", at most %" PRIu64 " MiB", volume->size_limit_bytes >> 20);
}

static void append_plan(struct strbuf *out, const struct pod_facts *facts, const char *volume)
{
	for (size_t i = 0; i < facts->pod->volume_count; i++) {
		const struct volume_plan *plan = &facts->pod->volumes[i];
		if (strcmp(plan->name, volume) != 0)
			continue;
		if (plan->host_path != NULL)
			strbuf_appendf(out, ", here %s", plan->host_path);
		else
			strbuf_appendf(out, ", a disk of %" PRIu64 " MiB%s", plan->size_bytes >> 20,
				       plan->is_template ? " for each replica" : "");
	}
}

char *about_mounts(const struct pod_facts *facts)
{
	const struct release *release = &facts->release;
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < release->container_count; i++) {
		const struct container_config *config = &release->containers[i];
		strbuf_appendf(&out, "%s%s\n", i > 0 ? "\n" : "", config->name);
		if (config->mount_count == 0)
			strbuf_append(&out, "  none\n");
		for (size_t k = 0; k < config->mount_count; k++) {
			const struct mount_rule *mount = &config->mounts[k];
			const struct volume_rule *volume = release_volume(release, mount->volume);
			const char *below =
				mount->sub_path ? mount->sub_path : mount->sub_path_expression;
			strbuf_appendf(&out, "  %s  %s  %s%s%s: ", mount->path,
				       mount->is_read_only ? "ro" : "rw", mount->volume,
				       below ? "/" : "", below ? below : "");
			if (volume != NULL)
				append_source(&out, volume);
			append_plan(&out, facts, mount->volume);
			strbuf_append_char(&out, '\n');
		}
	}
	strbuf_append(&out,
		      facts->pod->scratch_bytes > 0
			      ? "\nWhat is written elsewhere goes to a scratch disk of the VM.\n"
			      : "\nWhat is written elsewhere stays in the VM's memory.\n");
	return strbuf_take(&out);
}
