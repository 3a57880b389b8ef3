/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/template_bucket.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/provider/provider_aws.h"

#define NAMESPACE "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

struct bucket {
	struct cloud *cloud;
	char *name; /* owned */
};

static void bucket_clear(struct bucket *bucket)
{
	free(bucket->name);
}

/* One PUT; nobody else's bucket of that name gets anything. */
static bool put(const struct bucket *bucket, const char *action, const char *key, const char *query,
		const char *body, bool is_owned, struct aws_answer *answer, struct error *err)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(body, strlen(body), digest);
	sha256_hex(digest, hex);
	AUTO_FREE char *sum = base64_encode(digest, sizeof(digest));
	AUTO_FREE char *checksum = xasprintf("x-amz-checksum-sha256: %s", sum);
	AUTO_FREE char *owner =
		xasprintf("x-amz-expected-bucket-owner: %s", bucket->cloud->account);
	AUTO_FREE char *path = xasprintf("/%s%s", bucket->name, key);
	const char *const headers[] = {
		checksum,
		"x-amz-sdk-checksum-algorithm: SHA256",
		key[0] != '\0' ? "Content-Type: application/json" : "Content-Type: application/xml",
		is_owned ? owner : NULL,
		NULL,
	};
	struct aws_call call = {
		.service = &AWS_S3,
		.action = action,
		.method = "PUT",
		.path = path,
		.query = query,
		.headers = headers,
		.body = body,
		.body_size = strlen(body),
		.body_hash = hex,
	};
	return aws_client_call(bucket->cloud->client, &call, answer, err);
}

static bool configure(const struct bucket *bucket, struct error *err)
{
	static const char *const steps[][3] = {
		{"PutPublicAccessBlock", "publicAccessBlock=",
		 "<PublicAccessBlockConfiguration " NAMESPACE "><BlockPublicAcls>true"
		 "</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>"
		 "true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>"
		 "</PublicAccessBlockConfiguration>"},
		{"PutBucketEncryption", "encryption=",
		 "<ServerSideEncryptionConfiguration " NAMESPACE "><Rule>"
		 "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
		 "</ApplyServerSideEncryptionByDefault></Rule></"
		 "ServerSideEncryptionConfiguration>"},
		{"PutBucketLifecycleConfiguration", "lifecycle=",
		 "<LifecycleConfiguration " NAMESPACE "><Rule><ID>i2kit</ID><Filter><Prefix>"
		 "</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>"
		 "</Rule></LifecycleConfiguration>"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		if (!put(bucket, steps[i][0], "", steps[i][1], steps[i][2], true, &answer, err))
			return false;
	}
	return true;
}

static bool create(const struct bucket *bucket, struct error *err)
{
	const char *region = aws_client_region(bucket->cloud->client);
	AUTO_FREE char *body =
		strcmp(region, "us-east-1") == 0
			? xstrdup("")
			: xasprintf("<CreateBucketConfiguration " NAMESPACE "><LocationConstraint>"
				    "%s</LocationConstraint></CreateBucketConfiguration>",
				    region);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!put(bucket, "CreateBucket", "", NULL, body, false, &answer, &failure) &&
	    !aws_code_is(&answer, "BucketAlreadyOwnedByYou"))
		return error_move(err, &failure);
	return configure(bucket, err);
}

bool template_bucket_put(struct cloud *cloud, const char *stack, const char *text, char **ret_url,
			 struct error *err)
{
	AUTO(bucket_clear) struct bucket bucket = {.cloud = cloud};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	const char *region = aws_client_region(cloud->client);
	if (!aws_cloud_identify(cloud, err))
		return false;
	sha256_bytes(text, strlen(text), digest);
	sha256_hex(digest, hex);
	bucket.name = xasprintf("i2kit-templates-%s-%s", cloud->account, region);
	AUTO_FREE char *key = xasprintf("/%s/%s.json", stack, hex);
	bool is_put = put(&bucket, "PutObject", key, NULL, text, true, &answer, &failure);
	if (!is_put && !aws_code_is(&answer, "NoSuchBucket"))
		return error_move(err, &failure);
	if (!is_put && (!create(&bucket, err) ||
			!put(&bucket, "PutObject", key, NULL, text, true, &answer, err)))
		return false;
	AUTO_FREE char *endpoint =
		aws_endpoint_url(aws_client_settings(cloud->client), &AWS_S3, region);
	*ret_url = xasprintf("%s/%s%s", endpoint, bucket.name, key);
	return true;
}
