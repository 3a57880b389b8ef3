/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/write_pod.h"

#include <string.h>

#include "base/alloc.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/write_container.h"
#include "manifest/yaml_writer.h"
#include "wire/kinds.h"

static void write_items(struct yaml_writer *writer, const struct volume *volume)
{
	yaml_write_map(writer, "items");
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct volume_item *item = &volume->items[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "key", item->key);
		yaml_write_text(writer, "path", item->path);
		if (item->has_mode)
			yaml_write_mode(writer, "mode", item->mode);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

/* "limits.cpu" names a resource, everything else a field. */
static bool is_resource(const char *path)
{
	return strncmp(path, "limits.", 7) == 0 || strncmp(path, "requests.", 9) == 0;
}

static void write_downward_items(struct yaml_writer *writer, const struct volume *volume)
{
	yaml_write_map(writer, "items");
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct volume_item *item = &volume->items[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "path", item->path);
		if (is_resource(item->key)) {
			yaml_write_map(writer, "resourceFieldRef");
			yaml_write_text(writer, "containerName", item->container);
			yaml_write_text(writer, "resource", item->key);
			yaml_write_text(writer, "divisor", item->divisor);
		} else {
			yaml_write_map(writer, "fieldRef");
			yaml_write_text(writer, "fieldPath", item->key);
		}
		yaml_write_end(writer);
		if (item->has_mode)
			yaml_write_mode(writer, "mode", item->mode);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_default_mode(struct yaml_writer *writer, const struct volume *volume, bool wants)
{
	if (wants && volume->default_mode != 0644)
		yaml_write_mode(writer, "defaultMode", volume->default_mode);
}

static void write_reference(struct yaml_writer *writer, const struct volume *volume,
			    bool is_projected)
{
	bool is_secret = volume->kind == VOLUME_SECRET;
	yaml_write_map(writer, is_secret ? "secret" : "configMap");
	yaml_write_text(writer, is_secret && !is_projected ? "secretName" : "name",
			volume->ref_name);
	write_default_mode(writer, volume, !is_projected);
	if (volume->is_optional)
		yaml_write_bool(writer, "optional", true);
	write_items(writer, volume);
	yaml_write_end(writer);
}

static void write_downward(struct yaml_writer *writer, const struct volume *volume,
			   bool is_projected)
{
	yaml_write_map(writer, "downwardAPI");
	write_default_mode(writer, volume, !is_projected);
	write_downward_items(writer, volume);
	yaml_write_end(writer);
}

static void write_empty_dir(struct yaml_writer *writer, const struct volume *volume)
{
	if (!volume->is_memory && volume->size_limit_bytes == 0) {
		yaml_write_empty_map(writer, "emptyDir");
		return;
	}
	yaml_write_map(writer, "emptyDir");
	if (volume->is_memory)
		yaml_write_text(writer, "medium", "Memory");
	write_bytes(writer, "sizeLimit", volume->size_limit_bytes);
	yaml_write_end(writer);
}

static void write_projected(struct yaml_writer *writer, const struct volume *volume)
{
	yaml_write_map(writer, "projected");
	write_default_mode(writer, volume, true);
	yaml_write_map(writer, "sources");
	for (size_t i = 0; i < volume->source_count; i++) {
		const struct volume *source = &volume->sources[i];
		yaml_write_item(writer);
		if (source->kind == VOLUME_DOWNWARD)
			write_downward(writer, source, true);
		else
			write_reference(writer, source, true);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_image(struct yaml_writer *writer, const struct volume *volume)
{
	yaml_write_map(writer, "image");
	write_pull_policy(writer, "pullPolicy", volume->pull_policy);
	yaml_write_text(writer, "reference", volume->image);
	yaml_write_end(writer);
}

static void write_volume_source(struct yaml_writer *writer, const struct volume *volume)
{
	switch (volume->kind) {
	case VOLUME_EMPTY_DIR:
		write_empty_dir(writer, volume);
		break;
	case VOLUME_CONFIG_MAP:
	case VOLUME_SECRET:
		write_reference(writer, volume, false);
		break;
	case VOLUME_HOST_PATH:
		yaml_write_map(writer, "hostPath");
		yaml_write_text(writer, "path", volume->host_path);
		yaml_write_text(writer, "type", volume->host_path_type);
		yaml_write_end(writer);
		break;
	case VOLUME_CLAIM:
		yaml_write_map(writer, "persistentVolumeClaim");
		yaml_write_text(writer, "claimName", volume->ref_name);
		if (volume->is_read_only)
			yaml_write_bool(writer, "readOnly", true);
		yaml_write_end(writer);
		break;
	case VOLUME_DOWNWARD:
		write_downward(writer, volume, false);
		break;
	case VOLUME_IMAGE:
		write_image(writer, volume);
		break;
	case VOLUME_PROJECTED:
		write_projected(writer, volume);
		break;
	}
}

static bool is_claim_template(const struct pod_spec *pod, const struct volume *volume)
{
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		if (strcmp(pod->claim_templates[i].name, volume->name) == 0)
			return true;
	}
	return false;
}

void write_volumes(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_map(writer, "volumes");
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (is_claim_template(pod, &pod->volumes[i]))
			continue;
		yaml_write_item(writer);
		yaml_write_text(writer, "name", pod->volumes[i].name);
		write_volume_source(writer, &pod->volumes[i]);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_pod_security(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_map(writer, "securityContext");
	if (pod->has_fs_group)
		yaml_write_number(writer, "fsGroup", pod->fs_group);
	yaml_write_map(writer, "supplementalGroups");
	for (size_t i = 0; i < pod->supplemental_groups.count; i++)
		yaml_write_item_number(writer, pod->supplemental_groups.items[i]);
	yaml_write_end(writer);
	yaml_write_map(writer, "sysctls");
	for (size_t i = 0; i < pod->sysctl_count; i++) {
		yaml_write_item(writer);
		yaml_write_text(writer, "name", pod->sysctls[i].key);
		yaml_write_text(writer, "value", pod->sysctls[i].value);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_dns_options(struct yaml_writer *writer, const struct string_list *options)
{
	yaml_write_map(writer, "options");
	for (size_t i = 0; i < options->count; i++) {
		const char *colon = strchr(options->items[i], ':');
		size_t length =
			colon ? (size_t)(colon - options->items[i]) : strlen(options->items[i]);
		yaml_write_item(writer);
		yaml_write_textf(writer, "name", "%.*s", (int)length, options->items[i]);
		yaml_write_text(writer, "value", colon ? colon + 1 : NULL);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_names(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_text(writer, "hostname", pod->hostname);
	yaml_write_text(writer, "subdomain", pod->subdomain);
	yaml_write_map(writer, "hostAliases");
	for (size_t i = 0; i < pod->host_alias_count; i++) {
		yaml_write_item(writer);
		yaml_write_text(writer, "ip", pod->host_aliases[i].ip);
		yaml_write_texts(writer, "hostnames", &pod->host_aliases[i].names);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	yaml_write_text(writer, "dnsPolicy", pod->dns_policy);
	yaml_write_map(writer, "dnsConfig");
	yaml_write_texts(writer, "nameservers", &pod->dns_servers);
	yaml_write_texts(writer, "searches", &pod->dns_searches);
	write_dns_options(writer, &pod->dns_options);
	yaml_write_end(writer);
}

void write_pod_rest(struct yaml_writer *writer, const struct pod_spec *pod)
{
	static const char *const policies[] = {[RESTART_ALWAYS] = NULL,
					       [RESTART_ON_FAILURE] = "OnFailure",
					       [RESTART_NEVER] = "Never"};
	write_volumes(writer, pod);
	if (pod->shares_processes)
		yaml_write_bool(writer, "shareProcessNamespace", true);
	yaml_write_text(writer, "restartPolicy", policies[pod->restart_policy]);
	if (pod->termination_grace_s != 30)
		yaml_write_number(writer, "terminationGracePeriodSeconds",
				  pod->termination_grace_s);
	if (pod->active_deadline_s != 0)
		yaml_write_number(writer, "activeDeadlineSeconds", pod->active_deadline_s);
	write_names(writer, pod);
	write_pod_security(writer, pod);
}
