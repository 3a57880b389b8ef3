/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cli/arguments.h"
#include "cli/output_document.h"
#include "cli/pod_words.h"
#include "cli/project_verb.h"
#include "cli/status_choose.h"

/* "80", "80/tcp", "53/udp": of the pod. */
static bool parse_wanted(const char *text, uint16_t *ret_port, bool *ret_udp, struct error *err)
{
	size_t length = strcspn(text, "/");
	AUTO_FREE char *number = xstrndup(text, length);
	const char *protocol = text[length] == '/' ? text + length + 1 : "tcp";

	*ret_udp = strcmp(protocol, "udp") == 0;
	if (parse_port(number, ret_port) && (*ret_udp || strcmp(protocol, "tcp") == 0))
		return true;
	error_set(err, ERROR_USAGE, "'%s' is no port", text);
	return error_hint(err, "i2kit port POD 80, i2kit port POD 53/udp");
}

static void write_port(struct json_writer *json, const struct port_status *port)
{
	json_open_object(json, NULL);
	json_write_text(json, "service", port->service);
	json_write_unsigned(json, "port", port->target_port);
	json_write_text(json, "protocol", port->is_udp ? "udp" : "tcp");
	json_write_text(json, "host", port->host);
	json_write_unsigned(json, "hostPort", port->host_port);
	json_close(json);
}

static void print_json(const struct project_status *status)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_list(&json, NULL);
	for (size_t i = 0; i < status->port_count; i++) {
		if (status->ports[i].host_port != 0)
			write_port(&json, &status->ports[i]);
	}
	json_close(&json);
	output_document(strbuf_text(&text));
}

/* [::1]:80, as one types it into a browser. */
static void append_address(struct strbuf *out, const struct port_status *port)
{
	bool is_v6 = strchr(port->host, ':') != NULL;

	strbuf_appendf(out, "%s%s%s:%u", is_v6 ? "[" : "", port->host, is_v6 ? "]" : "",
		       (unsigned)port->host_port);
}

/* As docker prints them: "80/tcp -> 127.0.0.1:8080"; of several pods with the Service's name. */
static void print_lines(const struct project_status *status, bool has_service)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		AUTO(strbuf_clear) struct strbuf address = STRBUF_INIT;
		if (port->host_port == 0)
			continue;
		append_address(&address, port);
		(void)printf("%s%s%u/%s -> %s\n", has_service ? port->service : "",
			     has_service ? "  " : "", (unsigned)port->target_port,
			     port->is_udp ? "udp" : "tcp", strbuf_text(&address));
	}
	for (size_t i = 0; i < status->route_count; i++) {
		const struct route_status *route = &status->routes[i];
		const char *const urls[] = {route->http_url, route->https_url};
		for (size_t k = 0; k < ARRAY_SIZE(urls); k++) {
			if (urls[k] != NULL)
				(void)printf("%s -> %s\n", urls[k], route->target);
		}
	}
}

static bool print_one(const struct project_status *status, const char *pod, const char *wanted,
		      struct error *err)
{
	uint16_t number = 0;
	bool is_udp = false;
	bool is_found = false;

	if (!parse_wanted(wanted, &number, &is_udp, err))
		return false;
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		AUTO(strbuf_clear) struct strbuf address = STRBUF_INIT;
		if (port->host_port == 0 || port->is_udp != is_udp ||
		    (port->target_port != number && port->service_port != number))
			continue;
		append_address(&address, port);
		(void)printf("%s\n", strbuf_text(&address));
		is_found = true;
	}
	if (is_found)
		return true;
	error_set(err, ERROR_NOT_FOUND, "port %s of '%s' is not published", wanted, pod);
	return error_hint(err, "i2kit port-forward %s %u reaches it", pod, (unsigned)number);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list first = STRING_LIST_INIT;

	if (words->count > 0)
		string_list_add(&first, words->items[0]);
	if (!project_verb_open(invocation, false, &verb, err) || !project_verb_is_up(&verb, err) ||
	    !pod_words_read(verb.project, &first, &names, err) ||
	    (names.count > 0 && !project_verb_check(&verb, &names, err)) ||
	    !client_status(verb.client, &status, err))
		return 1;
	status_choose(&status, &names);
	if (words->count > 1)
		return print_one(&status, names.items[0], words->items[1], err) ? 0 : 1;
	if (invocation->output == OUTPUT_JSON)
		print_json(&status);
	else
		print_lines(&status, names.count == 0);
	return 0;
}

const struct verb verb_port = {
	.name = "port",
	.group = VERB_WATCH,
	.summary = "show where a pod's ports are published",
	.description =
		"Prints the addresses of this machine that lead to ports of a pod, of all pods, or "
		"with PORT the one address alone, for scripts. PORT is the pod's number; 53/udp is "
		"one of UDP.",
	.argument = {"POD [PORT]", 0, 2, COMPLETE_POD},
	.has_output = true,
	.names = "{[*].hostPort}",
	.example = "i2kit port\n"
		   "curl http://$(i2kit port web 80)/",
	.run = run,
};
