/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/volumes_from.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { MOST_STEPS = 32 }; /* services that take from services */

struct borrowing {
	struct loader *loader;
	struct compose_service *service;  /* who gets the mounts */
	struct container_spec *container; /* its own, in the pod */
	const struct yaml_node *item;	  /* "db:ro" of the first step, for messages */
	bool is_read_only;
	struct string_list taken; /* services whose mounts it has: by another way nothing is new */
};

static struct container_spec *find_container(const struct pod_spec *pod, const char *service)
{
	AUTO_FREE char *name = compose_plain_name(service);
	for (size_t i = 0; i < pod->container_count; i++) {
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	}
	return NULL;
}

/* As Docker: what a service mounts itself goes before what it takes over. */
static bool is_covered(const struct container_spec *container, const char *path)
{
	for (size_t i = 0; i < container->mount_count; i++) {
		if (strcmp(container->mounts[i].mount_path, path) == 0)
			return true;
	}
	return false;
}

/* In one pod they are the same volumes, those without a name too. */
static void take_mounts(const struct borrowing *to, const struct container_spec *from)
{
	for (size_t i = 0; i < from->mount_count; i++) {
		const struct volume_mount *mount = &from->mounts[i];
		if (is_covered(to->container, mount->mount_path))
			continue;
		struct volume_mount *made =
			ARRAY_APPEND(to->container->mounts, to->container->mount_count);
		made->volume = xstrdup(mount->volume);
		made->mount_path = xstrdup(mount->mount_path);
		made->sub_path = xstrdup_or_null(mount->sub_path);
		made->is_read_only = mount->is_read_only || to->is_read_only;
		made->mark = loader_mark(to->loader, to->item);
		made->path_mark = made->mark;
	}
}

/* In another VM: the same disk, folder or image. What has no name is that VM's alone. */
static void take_again(const struct borrowing *to, const char *owner, const struct yaml_node *mount)
{
	const struct yaml_node *type = yaml_get(mount, "type");
	const struct yaml_node *source = yaml_get(mount, "source");
	const struct yaml_node *target = yaml_get(mount, "target");
	struct yaml_node *items[] = {(struct yaml_node *)(uintptr_t)mount};
	struct yaml_node list = *to->item;
	size_t before = to->container->mount_count;

	if (type == NULL || target == NULL || strcmp(type->text, "tmpfs") == 0 ||
	    is_covered(to->container, target->text))
		return;
	if (source == NULL || source->kind != YAML_SCALAR || source->text[0] == '\0') {
		loader_error(to->loader, to->item,
			     "give it a name, or put both into one pod: x-i2kit: {pod: NAME}",
			     "volumes_from: %.100s of '%.60s' has no name, and is in another VM",
			     target->text, owner);
		return;
	}
	list.kind = YAML_LIST;
	list.items = items;
	list.item_count = 1;
	to->service->container = *to->container;
	compose_read_volumes(to->loader, &list, to->service);
	*to->container = to->service->container;
	for (size_t i = before; i < to->container->mount_count; i++)
		to->container->mounts[i].is_read_only =
			to->container->mounts[i].is_read_only || to->is_read_only;
}

static void take_from(struct borrowing *to, const char *owner, unsigned steps);

/* "db", "db:ro", "container:shop-db:ro" */
static void take_item(struct borrowing *to, const char *text, unsigned steps)
{
	bool was_read_only = to->is_read_only;
	bool is_container = strncmp(text, COMPOSE_CONTAINER, strlen(COMPOSE_CONTAINER)) == 0;
	const char *begin = is_container ? text + strlen(COMPOSE_CONTAINER) : text;
	const char *mode = strchr(begin, ':');
	AUTO_FREE char *name = xstrndup(begin, strcspn(begin, ":"));
	const char *owner = is_container ? compose_container_owner(to->service->model, name) : name;

	if (owner == NULL) {
		loader_error(to->loader, to->item, "a container_name, or a service, of this file",
			     "volumes_from: '%.60s' is no container of a pod here", name);
		return;
	}
	to->is_read_only = was_read_only || (mode != NULL && strcmp(mode, ":ro") == 0);
	take_from(to, owner, steps);
	to->is_read_only = was_read_only;
}

static void take_from(struct borrowing *to, const char *owner, unsigned steps)
{
	const struct yaml_node *services = yaml_get(to->service->model, "services");
	const struct yaml_node *node = yaml_get(services, owner);
	const struct yaml_node *volumes = yaml_get(node, "volumes");
	const struct yaml_node *further = yaml_get(node, "volumes_from");
	AUTO_FREE char *pod = compose_pod_of(to->service->model, owner);
	bool is_same = strcmp(pod, to->service->pod->name) == 0;
	const struct container_spec *from =
		is_same ? find_container(to->service->pod, owner) : NULL;

	if (node == NULL || from == to->container || string_list_has(&to->taken, owner))
		return; /* one that is not there has been named */
	if (steps >= MOST_STEPS) {
		loader_error(to->loader, to->item, "name the service that has them",
			     "volumes_from: more than %d services take from one another",
			     MOST_STEPS);
		return;
	}
	string_list_add(&to->taken, owner);
	if (from != NULL)
		take_mounts(to, from);
	for (size_t i = 0; !is_same && volumes != NULL && i < volumes->item_count; i++)
		take_again(to, owner, volumes->items[i]);
	for (size_t i = 0; further != NULL && i < further->item_count; i++)
		take_item(to, further->items[i]->text, steps + 1);
}

void compose_take_volumes(struct loader *loader, struct compose_service *service)
{
	const struct yaml_node *list = yaml_get(service->node, "volumes_from");
	struct borrowing to = {.loader = loader,
			       .service = service,
			       .container = find_container(service->pod, service->name),
			       .taken = STRING_LIST_INIT};

	for (size_t i = 0; to.container != NULL && list != NULL && i < list->item_count; i++) {
		to.item = list->items[i];
		take_item(&to, to.item->text, 0);
	}
	string_list_clear(&to.taken);
}
