/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/name_files.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

/* own: the pod's address, whose names stand in its own line; or NULL. */
static void append_hosts(struct strbuf *out, const struct host_list *list, const char *own)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct host_entry *entry = &list->entries[i];
		if (entry->ip == NULL || entry->names.count == 0 ||
		    (own != NULL && strcmp(entry->ip, own) == 0))
			continue;
		AUTO_FREE char *names = string_list_join(&entry->names, " ");
		strbuf_appendf(out, "%s\t%s\n", entry->ip, names);
	}
}

/* Its host name first: what a look-up of the address answers. */
static void own_names(const struct release *release, const char *hostname, const char *address,
		      struct string_list *ret)
{
	if (release->subdomain != NULL)
		string_list_addf(ret, "%s.%s", hostname, release->subdomain);
	string_list_add(ret, hostname);
	for (size_t i = 0; i < release->hosts.count; i++) {
		const struct host_entry *entry = &release->hosts.entries[i];
		bool is_own = entry->ip != NULL && strcmp(entry->ip, address) == 0;
		for (size_t k = 0; k < entry->names.count && is_own; k++) {
			if (!string_list_has(ret, entry->names.items[k]))
				string_list_add(ret, entry->names.items[k]);
		}
	}
}

char *hosts_make(const struct release *release, const char *hostname, const char *address_or_null)
{
	struct strbuf out = STRBUF_INIT;
	strbuf_append(&out,
		      "127.0.0.1\tlocalhost\n"
		      "::1\tlocalhost ip6-localhost ip6-loopback\n"
		      "fe00::0\tip6-localnet\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	const char *address = address_or_null != NULL ? address_or_null : "127.0.1.1";
	AUTO(string_list_clear) struct string_list own = STRING_LIST_INIT;
	own_names(release, hostname, address, &own);
	AUTO_FREE char *names = string_list_join(&own, " ");
	strbuf_appendf(&out, "%s\t%s\n", address, names);
	append_hosts(&out, &release->hosts, address);
	append_hosts(&out, &release->aliases, NULL);
	return strbuf_take(&out);
}

static bool says(const struct string_list *options, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < options->count; i++) {
		if (strncmp(options->items[i], name, size) == 0 && options->items[i][size] == ':')
			return true;
	}
	return false;
}

/* As a kubelet does by dnsPolicy: ClusterFirst unless said; Default is the network's own. */
char *resolv_conf_make(const struct release *release, const char *name_server)
{
	const char *policy = release->dns_policy != NULL ? release->dns_policy : "ClusterFirst";
	bool is_cluster = strncmp(policy, "ClusterFirst", strlen("ClusterFirst")) == 0;
	bool has_server = is_cluster && name_server != NULL;
	AUTO(string_list_clear) struct string_list servers = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list searches = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
	if (has_server)
		string_list_add(&servers, name_server);
	else if (strcmp(policy, "None") != 0)
		string_list_copy(&servers, &release->network.dns);
	if (is_cluster)
		string_list_copy(&searches, &release->network.searches);
	string_list_copy(&servers, &release->dns_servers);
	string_list_copy(&searches, &release->dns_searches);
	string_list_copy(&options, &release->dns_options);
	if (has_server && !says(&options, "ndots"))
		string_list_add(&options, "ndots:5");
	struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < servers.count; i++)
		strbuf_appendf(&out, "nameserver %s\n", servers.items[i]);
	if (searches.count > 0) {
		AUTO_FREE char *text = string_list_join(&searches, " ");
		strbuf_appendf(&out, "search %s\n", text);
	}
	if (options.count > 0) {
		AUTO_FREE char *text = string_list_join(&options, " ");
		strbuf_appendf(&out, "options %s\n", text);
	}
	return strbuf_take(&out);
}
