/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/cost.h"

#include "cloud/aws/stack/stack_disk.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_private.h"
#include "cloud/claims.h"

/* Dollars, of STACK_PRICES_OF. */
#define HOURS_A_MONTH  730.0
#define BALANCER_HOUR  0.0225 /* NLB and ALB, without capacity units */
#define GP3_GIB_MONTH  0.08
#define ZONE_MONTH     0.50
#define ADDRESS_HOUR   0.005 /* public IPv4 */
#define BALANCER_ZONES 2.0
#define NAT_HOUR       0.045
#define ENDPOINT_HOUR  0.01 /* in each zone */
#define OWN_ZONES      2.0
#define ROOT_GIB       1.0
#define BYTES_PER_GIB  1073741824.0

static double services_cost(const struct app *app, const struct stack_target *target)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	struct stack_balancer_count count;
	if (!stack_count_balancers(app, target, &count, &failure))
		return 0; /* such a plan is refused */
	if (app->route_count > 0)
		count.outside++;
	return HOURS_A_MONTH * (BALANCER_HOUR * (double)(count.inside + count.outside) +
				BALANCER_ZONES * ADDRESS_HOUR * (double)count.outside);
}

static double network_cost(const struct app *app, const struct stack_target *target)
{
	switch (target->private_network) {
	case NETWORK_PUBLIC:
		break;
	case NETWORK_NAT:
		return HOURS_A_MONTH * (NAT_HOUR + ADDRESS_HOUR);
	case NETWORK_NAT_PER_ZONE:
		return HOURS_A_MONTH * (NAT_HOUR + ADDRESS_HOUR) * OWN_ZONES;
	case NETWORK_ENDPOINTS:
		return HOURS_A_MONTH * ENDPOINT_HOUR * OWN_ZONES *
		       (double)stack_endpoint_count(app);
	}
	return 0;
}

static double pod_cost(const struct app *app, const struct stack_target *target,
		       const struct pod_spec *pod)
{
	const struct stack_instance *type = stack_instance_find(stack_type_of(target, pod));
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	if (type == NULL)
		return -1;
	/* In the network that is made instances have public addresses. */
	bool has_address = target->vpc == NULL && target->private_network == NETWORK_PUBLIC;
	double hour = type->dollars_an_hour + (has_address ? ADDRESS_HOUR : 0);
	double disks = (ROOT_GIB + (double)stack_scratch_gib(pod)) * GP3_GIB_MONTH;
	double sum = pod->replicas * (hour * HOURS_A_MONTH + disks);
	cloud_claims_of_pod(app, pod, &claims);
	for (size_t i = 0; i < claims.count; i++)
		sum += (double)claims.items[i].size_bytes / BYTES_PER_GIB * GP3_GIB_MONTH;
	return sum;
}

double cost_a_month(const struct app *app, const struct stack_target *target)
{
	double sum = services_cost(app, target) + network_cost(app, target) + ZONE_MONTH;
	for (size_t i = 0; i < app->pod_count; i++) {
		double pod = pod_cost(app, target, &app->pods[i]);
		if (pod < 0)
			return 0;
		sum += pod;
	}
	return sum;
}
