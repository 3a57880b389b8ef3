/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/leftovers.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "local/plan/project_identity.h"
#include "local/vm/connection.h"
#include "local/vm/network.h"
#include "local/vm/scratch_file.h"
#include "local/vm/vm_identity.h"

static bool is_of(virDomainPtr domain, const char *project)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	AUTO_FREE char *metadata = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT,
							VM_METADATA_URI, VIR_DOMAIN_AFFECT_LIVE);

	return metadata != NULL && vm_identity_parse(metadata, &identity) &&
	       vm_identity_is_of(&identity, project, geteuid());
}

bool leftovers_remove(const char *project, unsigned *ret_count, struct error *err)
{
	const char *uri = connection_choose(NULL);
	virDomainPtr *domains = NULL;
	bool is_good = true;

	connection_silence();
	AUTO(auto_connection) virConnectPtr connection = connection_open(uri, err);
	if (connection == NULL)
		return false;
	int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	if (count < 0)
		return connection_error(err, "cannot list the VMs");
	*ret_count = 0;
	for (int i = 0; i < count; i++) {
		if (is_good && is_of(domains[i], project)) {
			is_good = virDomainDestroy(domains[i]) == 0 ||
				  connection_error(err, "cannot stop the VM");
			*ret_count += 1;
		}
		(void)virDomainFree(domains[i]);
	}
	free(domains);
	AUTO_FREE char *scope = project_scope(project, geteuid(), connection_is_session(uri));
	if (is_good && *ret_count > 0 && !connection_is_session(uri))
		is_good = project_network_remove(connection, scope, err);
	if (is_good)
		scratch_file_drop_others(project, &(struct string_list){0});
	return is_good;
}
