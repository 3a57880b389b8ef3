/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS would refuse, said before anything is sent. */
#include "cloud/aws/stack/stack_check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/stack_disk.h"
#include "cloud/aws/stack/stack_instance.h"
#include "cloud/aws/stack/stack_pod.h"
#include "cloud/aws/stack/stack_port.h"
#include "cloud/aws/stack/stack_private.h"
#include "cloud/aws/stack/stack_route.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/stack_template.h"
#include "cloud/claims.h"
#include "cloud/pod_check.h"

/*
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
static const unsigned retention_days[] = {1,	3,    5,    7,	  14,	30,  60,  90,
					  120,	150,  180,  365,  400,	545, 731, 1096,
					  1827, 2192, 2557, 2922, 3288, 3653};

/* "arn:aws:iam::123456789012:role/NAME", or policy/NAME. */
static bool check_arn(const char *key, const char *arn, const char *what, struct error *err)
{
	if (arn == NULL)
		return true;
	const char *iam = strstr(arn, ":iam::");
	if (strncmp(arn, "arn:", 4) == 0 && iam != NULL && strstr(iam, what) != NULL)
		return true;
	error_set(err, ERROR_INVALID, "'%s' is not an IAM ARN", arn);
	return error_hint(err, "provider.%s: arn:aws:iam::123456789012:%sNAME", key, what + 1);
}

static bool check_target(const struct stack_target *target, struct error *err)
{
	bool is_known = false;
	for (size_t i = 0; i < ARRAY_SIZE(retention_days); i++)
		is_known = is_known || target->log_days == retention_days[i];
	if (!is_known) {
		error_set(err, ERROR_INVALID, "CloudWatch does not keep logs for %u days",
			  target->log_days);
		return error_hint(err, "provider.log_retention_days: 1, 3, 5, 7, 14, 30, 60, 90, "
				       "120, 150, 180, 365 or more");
	}
	if (target->vpc != NULL && target->subnet_count == 0)
		return error_set(err, ERROR_INVALID, "the VPC %s has no subnet to use",
				 target->vpc);
	return check_arn("permissions_boundary", target->permissions_boundary, ":policy/", err) &&
	       check_arn("role", target->role, ":role/", err);
}

/* --- pods ----------------------------------------------------------------------------------- */

static bool check_claims(const struct app *app, const struct pod_spec *pod, struct error *err)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	cloud_claims_of_pod(app, pod, &claims);
	if (claims.count > 0 && pod->replicas > 1) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': an EBS volume belongs to one instance, and there are %u "
			  "replicas",
			  pod->name, pod->replicas);
		return error_hint(err, "replicas: 1");
	}
	if (claims.count <= 1)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': %zu volumes; in AWS a pod can have one for now", pod->name,
		  claims.count);
	return error_hint(err, "use one claim and subPath");
}

static bool check_type(const struct stack_target *target, const struct pod_spec *pod,
		       struct error *err)
{
	if (pod->instance_type != NULL || target->instance_type != NULL ||
	    stack_instance_type(pod) != NULL)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': its limits are larger than the largest type "
		  "that is chosen without being named",
		  pod->name);
	return error_hint(err, "name one: instance_type");
}

static bool check_pod(const struct app *app, const struct stack_target *target,
		      const struct pod_spec *pod, struct error *err)
{
	if (stack_startup_s(pod) > STACK_MAX_PAUSE_S) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': its startup probe lets it start for %u s, and an Auto Scaling "
			  "group waits for %d at most",
			  pod->name, stack_startup_s(pod), STACK_MAX_PAUSE_S);
		return error_hint(err, "a smaller failureThreshold or periodSeconds");
	}
	return cloud_pod_check(pod, err) && check_claims(app, pod, err) &&
	       stack_check_disks(pod, err) && check_type(target, pod, err);
}

/* --- services ------------------------------------------------------------------------------- */

static bool check_pair(const struct service *service, const struct service_port *port,
		       struct error *err)
{
	for (const struct service_port *other = service->ports; other < port; other++) {
		if (other->port != port->port || stack_port_is_pair(service, port))
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s': port %u is TCP and UDP with different targets, %u and %u; "
			  "a load balancer has one target for both",
			  service->name, port->port, other->target_port, port->target_port);
		return error_hint(err, "give them one targetPort, or two Services");
	}
	return true;
}

static bool check_service(const struct service *service, struct error *err)
{
	if (!stack_has_balancer(service))
		return true;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool is_tls = strcmp(stack_listener_protocol(service, port), "TLS") == 0 ||
			      strcmp(stack_target_protocol(service, port), "TLS") == 0;
		if (!check_pair(service, port, err))
			return false;
		if (is_tls && service->has_client_ip_affinity) {
			error_set(err, ERROR_UNSUPPORTED,
				  "service '%s': port %u is TLS, and sessions of TLS do not stick",
				  service->name, port->port);
			return error_hint(err, "sessionAffinity: None, or an https port");
		}
	}
	return true;
}

bool stack_check_app(const struct app *app, const struct stack_target *target, struct error *err)
{
	if (!check_target(target, err) || !stack_check_private(target, err) ||
	    !cloud_claims_check(app, err))
		return false;
	for (size_t i = 0; i < app->pod_count; i++)
		if (!check_pod(app, target, &app->pods[i], err))
			return false;
	for (size_t i = 0; i < app->service_count; i++)
		if (!check_service(&app->services[i], err))
			return false;
	return stack_check_routes(app, target, err);
}
