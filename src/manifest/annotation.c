/* SPDX-License-Identifier: Apache-2.0 */
/*
 * i2kit's own annotations: what the short form says and Kubernetes has no field for, so that
 * converting there and back gives the same application.
 */
#include "manifest/annotation.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/egress.h"
#include "manifest/loader.h"
#include "manifest/metadata_access.h"
#include "manifest/pod_networks.h"
#include "manifest/short_port.h"
#include "manifest/start_wait.h"
#include "manifest/yaml_node.h"

static const char prefix[] = "i2kit/";

static const struct yaml_node *annotations_of(const struct yaml_node *root)
{
	return yaml_get(yaml_get(root, "metadata"), "annotations");
}

static void unknown_annotation(struct loader *loader, const struct yaml_node *key,
			       const char *known)
{
	if (strncmp(key->text, prefix, sizeof(prefix) - 1) == 0)
		loader_error(loader, key, known, "the annotation '%.80s' is not known here",
			     key->text);
}

/* One word of i2kit/ports says how a port of the Service is spoken to. */
static void apply_port(struct loader *loader, const struct yaml_node *node, const char *word,
		       struct service *service)
{
	struct service_port said = {0};
	if (!short_port_parse(word, &said)) {
		loader_error(loader, node, short_port_hint, "'%.80s' is not a port", word);
		free(said.certificate);
		free(said.host_ip);
		return;
	}
	for (size_t i = 0; i < service->port_count; i++) {
		struct service_port *port = &service->ports[i];
		if (port->port != said.port || port->protocol != said.protocol)
			continue;
		port->outer = said.outer;
		port->inner = said.inner;
		free(port->certificate);
		port->certificate = said.certificate;
		free(port->host_ip);
		port->host_ip = said.host_ip;
		return;
	}
	free(said.certificate);
	free(said.host_ip);
	loader_error(loader, node, "name one of its ports", "the Service has no port %u",
		     (unsigned)said.port);
}

void read_service_annotations(struct loader *loader, const struct yaml_node *root,
			      struct service *service)
{
	const struct yaml_node *map = annotations_of(root);
	for (size_t i = 0; map != NULL && i < map->pair_count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		const struct yaml_node *value = map->pairs[i].value;
		if (value->kind != YAML_SCALAR)
			continue; /* reported where labels and annotations are read */
		if (strcmp(key->text, ANNOTATION_PUBLISHED) == 0) {
			service->is_published = strcmp(value->text, "false") != 0 &&
						service->kind != SERVICE_HEADLESS;
		} else if (strcmp(key->text, ANNOTATION_PORTS) == 0) {
			AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
			string_list_split(&words, value->text, ' ');
			for (size_t k = 0; k < words.count; k++)
				apply_port(loader, value, words.items[k], service);
		} else {
			unknown_annotation(loader, key,
					   ANNOTATION_PORTS " or " ANNOTATION_PUBLISHED);
		}
	}
}

void read_workload_annotations(struct loader *loader, const struct yaml_node *root,
			       struct pod_spec *pod)
{
	const struct yaml_node *map = annotations_of(root);
	for (size_t i = 0; map != NULL && i < map->pair_count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		const struct yaml_node *value = map->pairs[i].value;
		bool is_type = strcmp(key->text, ANNOTATION_INSTANCE_TYPE) == 0;
		if (is_type && value->kind == YAML_SCALAR) {
			free(pod->instance_type);
			pod->instance_type = xstrdup(value->text);
		} else if (strcmp(key->text, ANNOTATION_EGRESS) == 0 &&
			   value->kind == YAML_SCALAR) {
			read_egress_annotation(loader, value, pod);
		} else if (strcmp(key->text, ANNOTATION_NETWORKS) == 0 &&
			   value->kind == YAML_SCALAR) {
			read_networks_annotation(loader, value, pod);
		} else if (strcmp(key->text, ANNOTATION_DEPENDS_ON) == 0 &&
			   value->kind == YAML_SCALAR) {
			read_depends_on_annotation(loader, value, pod);
		} else if (strcmp(key->text, ANNOTATION_METADATA) == 0 &&
			   value->kind == YAML_SCALAR) {
			read_metadata_annotation(loader, value, pod);
		} else if (!is_type) {
			unknown_annotation(loader, key,
					   ANNOTATION_DEPENDS_ON ", " ANNOTATION_EGRESS
								 ", " ANNOTATION_METADATA
								 ", " ANNOTATION_NETWORKS
								 " or " ANNOTATION_INSTANCE_TYPE);
		}
	}
}
