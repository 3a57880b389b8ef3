/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status_view.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/output.h"
#include "cli/table.h"
#include "local/client/verdict.h"

static enum text_style state_style(enum instance_state state)
{
	switch (state) {
	case INSTANCE_READY:
	case INSTANCE_SUCCEEDED:
		return STYLE_GREEN;
	case INSTANCE_FAILED:
	case INSTANCE_CRASHED:
		return STYLE_RED;
	default:
		return STYLE_YELLOW;
	}
}

/* A reason is a word, or what was said when something went wrong, which no column holds. */
static bool is_word(const char *reason)
{
	return strchr(reason, ' ') == NULL;
}

static void count_ready(const struct instance_status *instance, unsigned *ret_ready,
			unsigned *ret_all)
{
	*ret_ready = 0;
	*ret_all = 0;
	for (size_t i = 0; i < instance->container_count; i++) {
		if (instance->containers[i].is_init)
			continue;
		(*ret_all)++;
		*ret_ready += instance->containers[i].is_ready ? 1U : 0U;
	}
}

static void append_ports(struct strbuf *out, const struct project_status *status, const char *pod)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (!port_status_serves(port, pod) || port->host_port == 0)
			continue;
		strbuf_appendf(out, "%s%s:%u->%u%s", out->size > 0 ? ", " : "", port->host,
			       (unsigned)port->host_port, (unsigned)port->target_port,
			       port->is_udp ? "/udp" : "");
	}
}

static void add_instance(struct table *table, const struct project_status *status,
			 const struct instance_status *instance, bool is_wide)
{
	AUTO(strbuf_clear) struct strbuf ports = STRBUF_INIT;
	char age[AGE_SIZE];
	unsigned ready = 0;
	unsigned all = 0;
	int64_t seconds = (clock_wall_ns() - instance->created_ns) / 1000000000;

	count_ready(instance, &ready, &all);
	clock_format_age(age, seconds > 0 && instance->created_ns > 0 ? (uint64_t)seconds : 0);
	append_ports(&ports, status, instance->pod);
	table_add_cell(table, STYLE_BOLD, "%s", instance->name);
	table_add_cell(table, state_style(instance->state), "%s", instance_state_text(instance));
	table_add_cell(table, STYLE_NONE, "%u/%u", ready, all);
	table_add_cell(table, STYLE_NONE, "%u", instance->restarts + instance->vm_restarts);
	table_add_cell(table, STYLE_NONE, "%s", age);
	table_add_cell(table, STYLE_NONE, "%.12s%s", DIGEST_HEX(&instance->release.image),
		       instance->is_dirty ? "*" : "");
	if (is_wide) {
		table_add_cell(table, STYLE_NONE, "%s", instance->is_kvm ? "kvm" : "tcg");
		table_add_cell(table, STYLE_NONE, "%s", instance->is_warm ? "warm" : "cold");
		table_add_cell(table, STYLE_NONE, "%s",
			       instance->address ? instance->address : "-");
		table_add_cell(table, STYLE_NONE, "%u", instance->cpu_count);
		table_add_cell(table, STYLE_NONE, "%lluM",
			       (unsigned long long)(instance->memory_bytes >> 20));
		table_add_cell(table, STYLE_NONE, "%.12s", DIGEST_HEX(&instance->release.config));
	}
	table_add_cell(table, STYLE_NONE, "%s", strbuf_text(&ports));
}

/* READY, and then nothing to the end of the row. */
static void add_nothing(struct table *table, bool is_wide)
{
	for (int i = 0; i < (is_wide ? 11 : 5); i++)
		table_add_cell(table, STYLE_NONE, "%s", i == 0 ? "0/0" : "-");
}

static void add_missing_pod(struct table *table, const struct pod_status *pod, bool is_wide)
{
	table_add_cell(table, STYLE_BOLD, "%s", pod->name);
	table_add_cell(table, pod->is_failed ? STYLE_RED : STYLE_YELLOW, "%s",
		       pod->message != NULL ? pod->message
		       : pod->desired > 0   ? "Pending"
					    : "Stopped");
	add_nothing(table, is_wide);
}

static bool has_instance(const struct project_status *status, const char *pod)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].pod, pod) == 0)
			return true;
	}
	return false;
}

/* Where there is little room, the least needed columns go first. */
static void add_columns(struct table *table, const struct status_table *of)
{
	if (of->has_project)
		table_add_column(table, "PROJECT", TABLE_LEFT);
	table_add_column(table, "NAME", TABLE_LEFT);
	table_add_column(table, "STATE", TABLE_LEFT);
	table_add_column(table, "READY", TABLE_LEFT);
	table_add_column(table, "RESTARTS", TABLE_RIGHT);
	table_add_column(table, "AGE", TABLE_RIGHT | TABLE_GOES);
	table_add_column(table, "IMAGE", TABLE_LEFT | TABLE_GOES);
	if (of->is_wide) {
		table_add_column(table, "ACCEL", TABLE_LEFT);
		table_add_column(table, "START", TABLE_LEFT);
		table_add_column(table, "ADDRESS", TABLE_LEFT);
		table_add_column(table, "CPUS", TABLE_RIGHT);
		table_add_column(table, "MEMORY", TABLE_RIGHT);
		table_add_column(table, "CONFIG", TABLE_LEFT);
	}
	table_add_column(table, "PORTS", TABLE_SHRINK);
}

static void add_rows(struct table *table, const struct status_table *of,
		     const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		if (of->has_project)
			table_add_cell(table, STYLE_NONE, "%s", status->project);
		add_instance(table, status, &status->instances[i], of->is_wide);
	}
	for (size_t i = 0; i < status->pod_count; i++) {
		if (has_instance(status, status->pods[i].name))
			continue;
		if (of->has_project)
			table_add_cell(table, STYLE_NONE, "%s", status->project);
		add_missing_pod(table, &status->pods[i], of->is_wide);
	}
}

/* What is no more has its logs left. */
static void add_gone(struct table *table, const struct status_table *of)
{
	for (size_t i = 0; of->gone_or_null != NULL && i < of->gone_or_null->count; i++) {
		table_add_cell(table, STYLE_NONE, "%s", of->gone_or_null->items[i]);
		table_add_cell(table, STYLE_DIM, "%s", "Gone");
		add_nothing(table, of->is_wide);
	}
}

static void warn_reasons(const struct invocation *invocation, const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (instance->reason != NULL && !is_word(instance->reason) &&
		    instance->state != INSTANCE_READY)
			output_warning(invocation, "%s: %s", instance->name, instance->reason);
	}
}

void status_print_tables(const struct invocation *invocation, const struct status_table *of)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);

	add_columns(table, of);
	for (size_t i = 0; i < of->count; i++)
		add_rows(table, of, &of->statuses[i]);
	add_gone(table, of);
	table_print(table, stdout);
	for (size_t i = 0; i < of->count; i++)
		warn_reasons(invocation, &of->statuses[i]);
}

/* "http://shop.localhost:8080/ -> web:80", and what else the host may be. */
static void print_route(const struct invocation *invocation, const struct route_status *route)
{
	const char *const urls[] = {route->http_url, route->https_url};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		bool is_alias = urls[i] != NULL && route->host != NULL &&
				strstr(route->host, "localhost") == NULL;
		if (urls[i] == NULL)
			continue;
		(void)printf("  %s -> %s%s%s%s\n", urls[i], route->target,
			     is_alias ? " (Host: " : "", is_alias ? route->host : "",
			     is_alias ? ")" : "");
	}
	if (!route->is_redirect && route->backends == 0)
		output_note(invocation, "%s: nobody answers for %s yet", route->owner,
			    route->target);
}

void status_print_routes(const struct invocation *invocation, const struct project_status *status)
{
	for (size_t i = 0; i < status->route_count; i++)
		print_route(invocation, &status->routes[i]);
}

void status_print_ports(const struct invocation *invocation, const struct project_status *status)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (port->problem != NULL) {
			output_warning(invocation, "service '%s', port %u: %s", port->service,
				       (unsigned)port->service_port, port->problem);
			continue;
		}
		if (port->host_port == 0)
			continue;
		(void)printf("%s%s%s  %s%s:%u -> %u\n",
			     style_begin(STYLE_BOLD, invocation->is_colored), port->service,
			     style_begin(STYLE_NONE, invocation->is_colored),
			     port->is_udp     ? "udp://"
			     : port->is_https ? "https://"
			     : port->is_http  ? "http://"
					      : "",
			     port->host, (unsigned)port->host_port, (unsigned)port->target_port);
		if (port->wanted_host_port != 0 && port->wanted_host_port != port->host_port)
			output_note(invocation, "port %u was not to be had; '%s' is on %u instead",
				    (unsigned)port->wanted_host_port, port->service,
				    (unsigned)port->host_port);
	}
	status_print_routes(invocation, status);
}
