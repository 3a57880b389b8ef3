/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/network.h"

#include <libvirt/virterror.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/sha256.h"
#include "local/vm/connection.h"
#include "local/vm/netlink.h"

#define SUBNET_COUNT 254

void project_network_clear(struct project_network *network)
{
	free(network->name);
	free(network->bridge);
	*network = (struct project_network){0};
}

char *project_network_name(const char *project)
{
	return xasprintf("i2kit-%s", project);
}

char *project_network_bridge(const char *project)
{
	AUTO_FREE char *name = project_network_name(project);
	struct digest digest = sha256_digest(name, strlen(name));

	return xasprintf("i2k-%.8s", DIGEST_HEX(&digest));
}

void project_network_write_xml(const char *project, unsigned subnet, struct strbuf *out)
{
	AUTO_FREE char *name = project_network_name(project);
	AUTO_FREE char *bridge = project_network_bridge(project);

	strbuf_append(out, "<network>\n  <name>");
	strbuf_append_xml(out, name);
	/* No STP: its listening and learning cost a fresh guest four seconds. */
	strbuf_appendf(out,
		       "</name>\n  <forward mode=\"nat\"/>\n"
		       "  <bridge name=\"%s\" stp=\"off\" delay=\"0\"/>\n"
		       "  <ip address=\"10.77.%u.1\" netmask=\"255.255.255.0\"/>\n"
		       "</network>\n",
		       bridge, subnet);
}

/* N of the first "10.77.N.1" in a network's XML. */
static bool read_subnet(const char *xml, unsigned *ret)
{
	const char *at = strstr(xml, "10.77.");
	char digits[4] = {0};
	uint64_t value;

	if (at == NULL)
		return false;
	at += strlen("10.77.");
	for (size_t i = 0; i < 3 && at[i] >= '0' && at[i] <= '9'; i++)
		digits[i] = at[i];
	if (!parse_u64(digits, 0, SUBNET_COUNT, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

static void auto_network(virNetworkPtr *network)
{
	if (*network != NULL)
		(void)virNetworkFree(*network);
}
#define AUTO_NETWORK AUTO(auto_network)

static bool create_network(virConnectPtr connection, const char *project, unsigned *ret_subnet,
			   struct error *err)
{
	struct digest digest = sha256_digest(project, strlen(project));
	unsigned first = digest.bytes[0];

	/*
	 * Somebody else's route or network may be in the way: libvirt says so, the next is tried.
	 */
	for (unsigned i = 0; i < SUBNET_COUNT; i++) {
		AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
		AUTO_NETWORK virNetworkPtr network = NULL;
		unsigned subnet = (first + i) % SUBNET_COUNT;
		project_network_write_xml(project, subnet, &xml);
		network = virNetworkCreateXML(connection, strbuf_text(&xml));
		if (network != NULL) {
			*ret_subnet = subnet;
			return true;
		}
		if (virGetLastErrorCode() != VIR_ERR_INTERNAL_ERROR || i > 20)
			break;
	}
	return connection_error(err, "cannot make the project's network");
}

bool project_network_open(virConnectPtr connection, const char *project,
			  struct project_network *ret, struct error *err)
{
	AUTO_FREE char *name = project_network_name(project);
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, name);
	AUTO_FREE char *xml = network != NULL ? virNetworkGetXMLDesc(network, 0) : NULL;
	unsigned subnet = 0;

	if (xml != NULL && !read_subnet(xml, &subnet))
		return error_set(err, ERROR_EXISTS,
				 "the libvirt network '%s' is there and not i2kit's", name);
	if (xml == NULL && !create_network(connection, project, &subnet, err))
		return false;
	ret->name = TAKE_PTR(name);
	ret->bridge = project_network_bridge(project);
	ret->subnet = subnet;
	ret->is_new = xml == NULL;
	return true;
}

bool project_network_remove(virConnectPtr connection, const char *project, struct error *err)
{
	AUTO_FREE char *name = project_network_name(project);
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, name);

	if (network == NULL)
		return true;
	if (virNetworkDestroy(network) < 0)
		return connection_error(err, "cannot remove the network '%s'", name);
	return true;
}

void project_network_plug(const char *bridge, const char *interface)
{
	const struct ifinfomsg body = {0};
	const unsigned index = if_nametoindex(bridge);
	struct netlink_request request;

	netlink_request_init(&request, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_request_put_text(&request, IFLA_IFNAME, interface);
	netlink_request_put(&request, IFLA_MASTER, &index, sizeof(index));
	(void)netlink_request_send(&request, -1);
}

bool project_network_has_filter(virConnectPtr connection, const char *name)
{
	virNWFilterPtr filter = virNWFilterLookupByName(connection, name);

	if (filter != NULL)
		(void)virNWFilterFree(filter);
	return filter != NULL;
}
