/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/details_openstack.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/provider/wanted_openstack.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/record.h"

/* CONFIG of the document that a pod's servers have. */
static void read_config(const char *document_text, struct cloud_pod_status *pod)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(document_text, strlen(document_text),
							     "a release document", 0, NULL);

	if (document == NULL)
		return;
	struct json_view release = json_view_get(json_document_root(document), "i2kit");
	pod->config_json = json_view_dump(json_view_get(release, "config"), 0);
}

static void read_pods(const struct wanted *wanted, struct cloud_status *status)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		struct cloud_pod_status *pod = &status->pods[i];
		const struct wanted_pod *found = wanted_find(wanted, pod->name);
		if (found == NULL)
			continue;
		pod->replicas = found->replicas;
		pod->instance_type = xstrdup_or_null(found->flavor);
		read_config(found->document, pod);
	}
}

bool openstack_details(struct cloud *cloud, const struct cloud_scope *scope,
		       struct cloud_status *status, struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};
	AUTO(wanted_clear) struct wanted wanted = {0};
	struct cloud_record record = {0};
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *release = NULL;

	if (!glance_record_list_of(client, scope, &list, err))
		return false;
	unsigned number = glance_record_newest(&list);
	if (number == 0)
		return true;
	if (!glance_record_load(client, &list, number, &text, err) ||
	    !record_read(scope, number, text, &record, &release, err))
		return false;
	free(record.note);
	if (!openstack_release_read(client, scope, release, NULL, &wanted, NULL, err))
		return false;
	read_pods(&wanted, status);
	return true;
}
