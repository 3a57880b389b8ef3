/* SPDX-License-Identifier: Apache-2.0 */
/* What a load balancer asks a pod. */
#include "cloud/aws/stack/stack_health.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/stack_port.h"
#include "manifest/app.h"
#include "wire/kinds.h"

/* Limits of a target group's health check. */
#define MIN_INTERVAL_S 5
#define MAX_INTERVAL_S 300
#define MIN_TIMEOUT_S  2
#define MAX_TIMEOUT_S  120
#define MAX_PATH       1024

static const struct probe *readiness_of(const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->container_count; i++)
		if (pod->containers[i].readiness.check.type != CHECK_NONE)
			return &pod->containers[i].readiness;
	return NULL;
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/* A port that answers TCP, for the health of UDP; 0: none. */
static uint16_t tcp_port_of(const struct pod_spec *pod)
{
	for (size_t c = 0; c < pod->container_count; c++)
		for (size_t p = 0; p < pod->containers[c].port_count; p++)
			if (pod->containers[c].ports[p].protocol == PROTOCOL_TCP)
				return pod->containers[c].ports[p].port;
	return 0;
}

uint16_t stack_health_port(const struct pod_spec *pod, const struct service *service,
			   const struct service_port *port)
{
	const struct probe *probe = readiness_of(pod);
	if (probe != NULL && (probe->check.type == CHECK_HTTP || probe->check.type == CHECK_TCP) &&
	    probe->check.port != 0)
		return probe->check.port;
	if (port->protocol == PROTOCOL_UDP && !stack_port_is_pair(service, port))
		return tcp_port_of(pod);
	return port->target_port;
}

/* As the kubelet asks: a path without a slash is one below the root. Owned; NULL and *err: it
 * cannot be asked for. */
static char *health_path(const struct probe *probe, struct error *err)
{
	const char *path = probe != NULL && probe->check.path != NULL ? probe->check.path : "/";
	for (const char *c = path; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~') {
			error_set(err, ERROR_UNSUPPORTED,
				  "a load balancer cannot ask for the path '%s' of a probe", path);
			error_hint(err, "percent-encode it");
			return NULL;
		}
	}
	char *whole = xasprintf("%s%s", path[0] == '/' ? "" : "/", path);
	if (strlen(whole) <= MAX_PATH)
		return whole;
	free(whole);
	error_set(err, ERROR_UNSUPPORTED, "a probe's path is longer than %d characters", MAX_PATH);
	return NULL;
}

static void write_times(struct json_writer *json, const struct probe *probe, uint16_t number)
{
	AUTO_FREE char *port = xasprintf("%u", number);
	uint32_t interval =
		probe != NULL ? clamp(probe->period_s, MIN_INTERVAL_S, MAX_INTERVAL_S) : 10;
	uint32_t longest = interval - 1 < MAX_TIMEOUT_S ? interval - 1 : MAX_TIMEOUT_S;
	uint32_t timeout = probe != NULL ? clamp(probe->timeout_s, MIN_TIMEOUT_S, longest) : 4;
	json_write_text(json, "HealthCheckPort", port);
	json_write_unsigned(json, "HealthCheckIntervalSeconds", interval);
	json_write_unsigned(json, "HealthCheckTimeoutSeconds", timeout);
	json_write_unsigned(json, "HealthyThresholdCount",
			    clamp(probe != NULL ? probe->success_threshold : 2, 2, 10));
	json_write_unsigned(json, "UnhealthyThresholdCount",
			    clamp(probe != NULL ? probe->failure_threshold : 3, 2, 10));
}

/*
 * From the readiness probe where it is one the balancer can do; an application balancer asks by
 * HTTP in any case, and takes any answer below 500 for life when the pod has no path to ask.
 */
bool stack_write_health(struct json_writer *json, const struct pod_spec *pod,
			const struct service *service, const struct service_port *port,
			const char *target_protocol, struct error *err)
{
	const struct probe *probe = readiness_of(pod);
	bool is_http_probe = probe != NULL && probe->check.type == CHECK_HTTP;
	uint16_t number = stack_health_port(pod, service, port);
	if (number == 0) {
		error_set(err, ERROR_UNSUPPORTED,
			  "a load balancer asks for health over TCP or HTTP, and pod '%s' has only "
			  "UDP ports",
			  pod->name);
		return error_hint(err, "give it a tcpSocket or httpGet readinessProbe");
	}
	write_times(json, probe, number);
	const char *protocol = "TCP";
	if (is_http_probe)
		protocol = probe->check.is_https ? "HTTPS" : "HTTP";
	else if (target_protocol[0] == 'H')
		protocol = target_protocol;
	json_write_text(json, "HealthCheckProtocol", protocol);
	if (protocol[0] != 'H')
		return true;
	AUTO_FREE char *path = health_path(is_http_probe ? probe : NULL, err);
	if (path == NULL)
		return false;
	json_write_text(json, "HealthCheckPath", path);
	json_open_object(json, "Matcher");
	json_write_text(json, "HttpCode", is_http_probe ? "200-399" : "200-499");
	json_close(json);
	return true;
}
