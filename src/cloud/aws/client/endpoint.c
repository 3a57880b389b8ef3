/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/endpoint.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

const struct aws_service AWS_EC2 = {
	.name = "EC2",
	.id = "EC2",
	.host = "ec2",
	.signing = "ec2",
	.version = "2016-11-15",
	.protocol = AWS_EC2_QUERY,
	.has_gov_fips = true,
};
const struct aws_service AWS_EBS = {
	.name = "EBS direct",
	.id = "EBS",
	.host = "ebs",
	.signing = "ebs",
	.protocol = AWS_REST_JSON,
};
const struct aws_service AWS_CLOUDFORMATION = {
	.name = "CloudFormation",
	.id = "CLOUDFORMATION",
	.host = "cloudformation",
	.signing = "cloudformation",
	.version = "2010-05-15",
	.protocol = AWS_QUERY,
	.has_gov_fips = true,
};
const struct aws_service AWS_STS = {
	.name = "STS",
	.id = "STS",
	.host = "sts",
	.signing = "sts",
	.version = "2011-06-15",
	.protocol = AWS_QUERY,
	.has_gov_fips = true,
};
const struct aws_service AWS_AUTOSCALING = {
	.name = "Auto Scaling",
	.id = "AUTO_SCALING",
	.host = "autoscaling",
	.signing = "autoscaling",
	.version = "2011-01-01",
	.protocol = AWS_QUERY,
	.has_gov_fips = true,
};
const struct aws_service AWS_ELBV2 = {
	.name = "Elastic Load Balancing",
	.id = "ELASTIC_LOAD_BALANCING_V2",
	.host = "elasticloadbalancing",
	.signing = "elasticloadbalancing",
	.version = "2015-12-01",
	.protocol = AWS_QUERY,
	.has_gov_fips = true,
};
const struct aws_service AWS_LOGS = {
	.name = "CloudWatch Logs",
	.id = "CLOUDWATCH_LOGS",
	.host = "logs",
	.signing = "logs",
	.target = "Logs_20140328",
	.protocol = AWS_JSON,
	.has_gov_fips = true,
};
const struct aws_service AWS_SSM = {
	.name = "Systems Manager",
	.id = "SSM",
	.host = "ssm",
	.signing = "ssm",
	.target = "AmazonSSM",
	.protocol = AWS_JSON,
	.has_gov_fips = true,
};
const struct aws_service AWS_KMS = {
	.name = "KMS",
	.id = "KMS",
	.host = "kms",
	.signing = "kms",
	.target = "TrentService",
	.protocol = AWS_JSON,
};
const struct aws_service AWS_ROUTE53 = {
	.name = "Route 53",
	.id = "ROUTE_53",
	.host = "route53",
	.signing = "route53",
	.protocol = AWS_REST_XML,
	.is_global = true,
};
const struct aws_service AWS_S3 = {
	.name = "S3",
	.id = "S3",
	.host = "s3",
	.signing = "s3",
	.protocol = AWS_REST_XML,
};
const struct aws_service AWS_SSO_PORTAL = {
	.name = "SSO",
	.id = "SSO",
	.host = "portal.sso",
	.signing = "awsssoportal",
	.protocol = AWS_REST_JSON,
};
const struct aws_service AWS_SSO_OIDC = {
	.name = "SSO OIDC",
	.id = "SSO_OIDC",
	.host = "oidc",
	.signing = "sso-oauth",
	.protocol = AWS_REST_JSON,
};

const struct aws_service AWS_SIGNIN = {
	.name = "Sign-In",
	.id = "SIGNIN",
	.host = "signin",
	.signing = "signin",
	.protocol = AWS_REST_JSON,
	.is_console = true,
};

static const struct {
	const char *prefix;
	struct aws_partition partition;
} PARTITIONS[] = {
	{"cn-",
	 {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1",
	  "amazonaws.cn"}},
	{"us-gov-",
	 {"aws-us-gov", "amazonaws.com", "api.aws", "us-gov-west-1", "amazonaws-us-gov.com"}},
	{"us-iso-", {"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1", "c2shome.ic.gov"}},
	{"us-isob-",
	 {"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1", "sc2shome.sgov.gov"}},
	{"eusc-",
	 {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1",
	  "amazonaws-eusc.eu"}},
	{"", {"aws", "amazonaws.com", "api.aws", "us-east-1", "aws.amazon.com"}},
};

const struct aws_partition *aws_partition_of(const char *region)
{
	size_t i = 0;
	while (strncmp(region, PARTITIONS[i].prefix, strlen(PARTITIONS[i].prefix)) != 0)
		i++; /* the last prefix fits everything */
	return &PARTITIONS[i].partition;
}

bool aws_region_is_valid(const char *region)
{
	size_t size = strlen(region);
	if (size == 0 || size > 32 || region[0] == '-' || region[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!islower((unsigned char)region[i]) && !isdigit((unsigned char)region[i]) &&
		    region[i] != '-')
			return false;
	return true;
}

/* `[services NAME]` has blocks named after the service id in lower case: "ec2 =\n endpoint_url =
 * …". */
static const char *configured_for_service(const struct aws_settings *settings,
					  const struct aws_service *service)
{
	const char *services = aws_settings_get(settings, settings->profile, "services");
	if (services == NULL)
		return NULL;
	AUTO_FREE char *key = xasprintf("%s.endpoint_url", service->id);
	for (char *c = key; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return aws_settings_section(settings, "services", services, key);
}

static const char *find_override(const struct aws_settings *settings,
				 const struct aws_service *service)
{
	if (settings->ignore_endpoints)
		return NULL;
	AUTO_FREE char *variable = xasprintf("AWS_ENDPOINT_URL_%s", service->id);
	const char *url = aws_env(variable);
	if (url == NULL)
		url = aws_env("AWS_ENDPOINT_URL");
	if (url == NULL)
		url = configured_for_service(settings, service);
	if (url == NULL)
		url = aws_settings_get(settings, settings->profile, "endpoint_url");
	return url;
}

/* Sign-In's rules in botocore: the region comes first, but not in a FIPS name. */
static char *console_url(const struct aws_service *service, bool use_fips, const char *region)
{
	const struct aws_partition *partition = aws_partition_of(region);
	if (!use_fips)
		return xasprintf("https://%s.%s.%s", region, service->host,
				 partition->console_suffix);
	if (strcmp(partition->name, "aws-us-gov") == 0)
		return xasprintf("https://%s-fips.%s", service->host, partition->console_suffix);
	return xasprintf("https://%s-fips.%s.%s", service->host, region, partition->suffix);
}

char *aws_endpoint_url(const struct aws_settings *settings, const struct aws_service *service,
		       const char *region)
{
	const char *override = find_override(settings, service);
	if (override != NULL) {
		size_t size = strlen(override);
		while (size > 0 && override[size - 1] == '/')
			size--;
		return xstrndup(override, size);
	}
	const struct aws_partition *partition = aws_partition_of(region);
	if (service->is_console && !settings->use_dualstack)
		return console_url(service, settings->use_fips, region);
	bool is_plain = service->has_gov_fips && strcmp(partition->name, "aws-us-gov") == 0;
	const char *fips = settings->use_fips && !is_plain ? "-fips" : "";
	if (service->is_global)
		return xasprintf("https://%s%s.%s", service->host, fips, partition->suffix);
	return xasprintf("https://%s%s.%s.%s", service->host, fips, region,
			 settings->use_dualstack ? partition->dualstack_suffix : partition->suffix);
}

const char *aws_signing_region(const struct aws_service *service, const char *region)
{
	return service->is_global ? aws_partition_of(region)->main_region : region;
}
