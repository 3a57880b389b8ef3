/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/provider_aws.h"
#include "cloud/aws/provider/policy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/xml.h"
#include "cloud/aws/provider/apply_aws.h"
#include "cloud/aws/provider/destroy_aws.h"
#include "cloud/aws/provider/images.h"
#include "cloud/aws/provider/logs_aws.h"
#include "cloud/aws/provider/plan_aws.h"
#include "cloud/aws/provider/policy.h"
#include "cloud/aws/provider/release_record.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/provider/status_aws.h"
#include "cloud/aws/provider/verify_aws.h"
#include "cloud/aws/rehearsal/rehearsal_aws.h"

static void aws_close(struct cloud *cloud)
{
	if (cloud == NULL)
		return;
	aws_client_free(cloud->client);
	free(cloud->account);
	free(cloud->arn);
	free(cloud);
}
DEFINE_AUTO_PTR(cloud, aws_close)

static struct cloud *aws_open(const struct cloud_options *options, struct error *err)
{
	AUTO_PTR(cloud) struct cloud *cloud = xcalloc(1, sizeof(*cloud));
	cloud->parallel = options->parallel > 0 ? options->parallel : 32;
	struct aws_client_options client = {
		.profile = options->profile,
		.region = options->region,
		.parallel = cloud->parallel,
		.ask = options->ask,
	};
	cloud->client = aws_client_new(&client, err);
	return cloud->client != NULL ? TAKE_PTR(cloud) : NULL;
}

/* The cheapest question that proves the credentials. */
bool aws_cloud_identify(struct cloud *cloud, struct error *err)
{
	if (cloud->account != NULL)
		return true;
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_STS, "GetCallerIdentity");
	AUTO_PTR(xml) struct xml *root = aws_client_query(cloud->client, &query, NULL, err);
	if (root == NULL)
		return false;
	const char *account = xml_text(root, "GetCallerIdentityResult/Account");
	const char *arn = xml_text(root, "GetCallerIdentityResult/Arn");
	if (account == NULL || arn == NULL || strlen(account) != 12 ||
	    strspn(account, "0123456789") != 12)
		return error_set(err, ERROR_INVALID, "GetCallerIdentity answered no account");
	cloud->account = xstrdup(account);
	cloud->arn = xstrdup(arn);
	return true;
}

static char *aws_identify(struct cloud *cloud, struct error *err)
{
	if (!aws_cloud_identify(cloud, err))
		return NULL;
	return xasprintf("AWS account %s, region %s, as %s (from %s)", cloud->account,
			 aws_client_region(cloud->client), cloud->arn,
			 aws_client_source(cloud->client));
}

static bool aws_records(struct cloud *cloud, const struct cloud_scope *scope,
			struct cloud_record_list *ret, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	return scope_stack_describe(cloud->client, scope, &status, err) &&
	       release_records_list(cloud->client, scope->name, ret, err);
}

const struct cloud_provider CLOUD_PROVIDER_AWS = {
	.name = "aws",
	.login = "aws configure",
	.rehearsal = &REHEARSAL_AWS,
	.open = aws_open,
	.close = aws_close,
	.policy = aws_policy,
	.identify = aws_identify,
	.plan_image = aws_plan_image,
	.ensure_image = aws_ensure_image,
	.plan = aws_plan,
	.plan_rollback = aws_plan_rollback,
	.apply_plan = aws_apply_plan,
	.free_plan = aws_free_plan,
	.status = aws_status,
	.verify = aws_verify,
	.details = aws_details,
	.records = aws_records,
	.logs = aws_logs,
	.destroy = aws_destroy,
};
