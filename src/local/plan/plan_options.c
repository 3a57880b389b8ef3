/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/plan_options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "local/plan/project_plan.h"

#define LEAST_MEMORY_BYTES ((uint64_t)64 << 20)
#define MOST_CPUS	   64

void plan_options_clear(struct plan_options *options)
{
	for (size_t i = 0; i < options->scale_count; i++)
		free(options->scales[i].pod);
	free(options->scales);
	for (size_t i = 0; i < options->publish_count; i++)
		free(options->publishes[i].pod);
	free(options->publishes);
	free(options->accel);
	free(options->firmware);
	free(options->uri);
	free(options->bind);
	free(options->metrics);
	*options = (struct plan_options){0};
}

static bool read_scale(const char *text, struct plan_options *ret, struct error *err)
{
	const char *equals = strchr(text, '=');
	uint64_t replicas = 0;

	if (equals == NULL || equals == text ||
	    !parse_u64(equals + 1, 0, POD_MAX_REPLICAS, &replicas))
		return error_set(err, ERROR_USAGE, "--scale: '%s' is not POD=N", text);
	struct plan_scale *scale = ARRAY_APPEND(ret->scales, ret->scale_count);
	scale->pod = xstrndup(text, (size_t)(equals - text));
	scale->replicas = (uint32_t)replicas;
	return true;
}

/* "http:9000", "https:9443": where routes are published. */
static bool read_route_port(const char *text, struct plan_options *ret)
{
	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		size_t length = strlen(proxy_front_words[i]);
		if (strncmp(text, proxy_front_words[i], length) == 0 && text[length] == ':' &&
		    parse_port(text + length + 1, &ret->route_ports[i]))
			return true;
	}
	return false;
}

static bool read_publish(const char *text, struct plan_options *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO_FREE char *copy = xstrdup(text);
	char *slash = strchr(copy, '/');
	struct plan_publish publish = {.is_udp = slash != NULL && strcmp(slash, "/udp") == 0};
	bool has_protocol = slash == NULL || publish.is_udp || strcmp(slash, "/tcp") == 0;

	if (read_route_port(text, ret))
		return true;
	if (slash != NULL)
		*slash = '\0';
	string_list_split(&parts, copy, ':');
	if (!has_protocol || parts.count != 3 || !parse_port(parts.items[1], &publish.host_port) ||
	    !parse_port(parts.items[2], &publish.target_port))
		return error_set(err, ERROR_USAGE, "--publish: '%s' is not POD:LOCAL:PORT[/udp]",
				 text);
	publish.pod = xstrdup(parts.items[0]);
	*ARRAY_APPEND(ret->publishes, ret->publish_count) = publish;
	return true;
}

static bool read_sizes(const struct plan_words *words, struct plan_options *ret, struct error *err)
{
	uint64_t cpus = 0;

	if (words->memory != NULL && (!parse_size_bytes(words->memory, &ret->memory_bytes) ||
				      ret->memory_bytes < LEAST_MEMORY_BYTES))
		return error_set(err, ERROR_USAGE, "--memory: '%s' is no size of at least 64M",
				 words->memory);
	if (words->cpus != NULL && !parse_u64(words->cpus, 1, MOST_CPUS, &cpus))
		return error_set(err, ERROR_USAGE, "--cpus: '%s' is no number from 1 to %d",
				 words->cpus, MOST_CPUS);
	ret->cpu_count = (unsigned)cpus;
	return true;
}

/* choices: "auto|kvm|tcg"; the first one where nothing is said. */
static bool read_choice(const char *option, const char *choices, const char *word, char **ret,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;

	string_list_split(&list, choices, '|');
	if (word != NULL && !string_list_has(&list, word))
		return error_set(err, ERROR_USAGE, "--%s is one of %s, not '%s'", option, choices,
				 word);
	*ret = xstrdup(word != NULL ? word : list.items[0]);
	return true;
}

bool metrics_place_read(const char *text, char **ret_host, uint16_t *ret_port, struct error *err)
{
	const char *colon = strrchr(text, ':');
	bool is_v6_alone = text[0] != '[' && colon != NULL && strchr(text, ':') != colon;
	bool has_port = colon != NULL && !is_v6_alone && (text[0] != '[' || colon[-1] == ']');
	size_t digits = strspn(text, "0123456789");
	const char *port = has_port ? colon + 1 : text[digits] == '\0' ? text : "";
	size_t host = has_port ? (size_t)(colon - text) : port[0] != '\0' ? 0 : strlen(text);
	uint16_t number = 0;

	if ((has_port || port[0] != '\0') && !parse_port(port, &number))
		return error_set(err, ERROR_USAGE, "'%s' is no port (1 to 65535)", port);
	if (host >= 2 && text[0] == '[' && text[host - 1] == ']') {
		text++;
		host -= 2;
	}
	AUTO_FREE char *name = host > 0 ? xstrndup(text, host) : xstrdup("127.0.0.1");
	struct in6_addr ignored;
	if (inet_pton(AF_INET, name, &ignored) != 1 && inet_pton(AF_INET6, name, &ignored) != 1)
		return error_set(err, ERROR_USAGE, "'%s' is no IPv4 or IPv6 address", name);
	*ret_host = TAKE_PTR(name);
	*ret_port = number;
	return true;
}

static bool check_metrics(const char *word, struct error *err)
{
	AUTO_FREE char *host = NULL;
	uint16_t port = 0;

	if (word == NULL || metrics_place_read(word, &host, &port, err))
		return true;
	AUTO_FREE char *problem = xstrdup(err->message);
	error_set(err, ERROR_USAGE, "--metrics: %s", problem);
	return error_hint(err, "--metrics, --metrics=9464, --metrics=0.0.0.0:9464");
}

bool plan_options_read(const struct plan_words *words, struct plan_options *ret, struct error *err)
{
	AUTO(plan_options_clear) struct plan_options made = {0};

	for (size_t i = 0; words->scales != NULL && i < words->scales->count; i++) {
		if (!read_scale(words->scales->items[i], &made, err))
			return false;
	}
	for (size_t i = 0; words->publishes != NULL && i < words->publishes->count; i++) {
		if (!read_publish(words->publishes->items[i], &made, err))
			return false;
	}
	if (!read_sizes(words, &made, err) ||
	    !read_choice("accel", "auto|kvm|tcg", words->accel, &made.accel, err) ||
	    !read_choice("firmware", "direct|bios|uefi", words->firmware, &made.firmware, err))
		return false;
	made.is_cold = words->is_cold;
	made.uri = xstrdup_or_null(words->uri);
	made.bind = xstrdup(words->bind != NULL ? words->bind : "127.0.0.1");
	if (!check_metrics(words->metrics, err))
		return false;
	made.metrics = xstrdup_or_null(words->metrics);
	*ret = made;
	made = (struct plan_options){0};
	return true;
}
