/* SPDX-License-Identifier: Apache-2.0 */
/* Instance metadata, version 2 with a token, version 1 where an old service has no tokens. */
#include "cloud/aws/client/metadata.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/http.h"
#include "base/strbuf.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_process.h"

#define IPV4_ENDPOINT  "http://169.254.169.254"
#define IPV6_ENDPOINT  "http://[fd00:ec2::254]"
#define TIMEOUT_MS     1000
#define MAX_BYTES      65536
#define ROLE_PATH      "/latest/meta-data/iam/security-credentials/"
#define TOKEN_LIFETIME "x-aws-ec2-metadata-token-ttl-seconds: 21600"

struct metadata {
	struct http_client *http;
	char *endpoint;	    /* owned */
	char *token_header; /* owned; NULL: version 1 */
};

static void metadata_clear(struct metadata *metadata)
{
	free(metadata->endpoint);
	free(metadata->token_header);
}

static char *find_endpoint(const struct aws_settings *settings)
{
	const char *given = aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	if (given == NULL)
		given = aws_settings_get(settings, settings->profile,
					 "ec2_metadata_service_endpoint");
	if (given != NULL) {
		size_t size = strlen(given);
		while (size > 0 && given[size - 1] == '/')
			size--;
		return xstrndup(given, size);
	}
	const char *mode = aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	bool is_ipv6 = mode != NULL && strcasecmp(mode, "ipv6") == 0;
	return xstrdup(is_ipv6 ? IPV6_ENDPOINT : IPV4_ENDPOINT);
}

static bool is_disabled(void)
{
	const char *disabled = aws_env("AWS_EC2_METADATA_DISABLED");
	return disabled != NULL && strcasecmp(disabled, "true") == 0;
}

static bool send(struct metadata *metadata, const char *method, const char *path,
		 const char *header, struct http_response *response)
{
	AUTO_FREE char *url = xasprintf("%s%s", metadata->endpoint, path);
	const char *headers[] = {header, NULL};
	struct http_request request = {.method = method,
				       .url = url,
				       .headers = headers,
				       .connect_timeout_ms = TIMEOUT_MS,
				       .timeout_ms = TIMEOUT_MS,
				       .max_response_bytes = MAX_BYTES};
	return http_perform(metadata->http, &request, response, NULL);
}

/* False: nobody is there, which is no error on a laptop. */
static bool metadata_open(const struct aws_settings *settings, struct http_client *http,
			  struct metadata *ret, struct error *err)
{
	ret->http = http;
	ret->endpoint = find_endpoint(settings);
	AUTO(http_response_clear) struct http_response response = {0};
	if (!send(ret, "PUT", "/latest/api/token", TOKEN_LIFETIME, &response))
		return false;
	if (response.status == 400)
		return error_set(err, ERROR_INVALID,
				 "instance metadata refuses to give a token (HTTP 400)");
	if (response.status == 200 && response.body_size < 1024 &&
	    strpbrk(response.body, "\r\n") == NULL)
		ret->token_header = xasprintf("x-aws-ec2-metadata-token: %s", response.body);
	return true;
}

/* The text at a path, or NULL. Owned. */
static char *get(struct metadata *metadata, const char *path)
{
	AUTO(http_response_clear) struct http_response response = {0};
	if (!send(metadata, "GET", path, metadata->token_header, &response) ||
	    response.status != 200 || response.body == NULL)
		return NULL;
	return TAKE_PTR(response.body);
}

bool aws_credentials_from_metadata(const struct aws_settings *settings, struct http_client *http,
				   struct aws_credentials *ret, bool *ret_found, struct error *err)
{
	if (is_disabled())
		return true;
	AUTO(metadata_clear) struct metadata metadata = {0};
	AUTO(error_clear) struct error refusal = ERROR_INIT;
	if (!metadata_open(settings, http, &metadata, &refusal))
		return refusal.kind == ERROR_NONE ? true : error_move(err, &refusal);
	AUTO_FREE char *role = get(&metadata, ROLE_PATH);
	if (role == NULL)
		return true; /* an instance without a role */
	role[strcspn(role, "\r\n")] = '\0';
	AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
	strbuf_append(&path, ROLE_PATH);
	strbuf_append_url(&path, role);
	AUTO_FREE char *text = get(&metadata, strbuf_text(&path));
	if (text == NULL)
		return error_set(err, ERROR_DENIED,
				 "instance metadata has no credentials for the role %s", role);
	if (!aws_credentials_from_json(text, strlen(text), "Token", ret, err))
		return error_prefix(err, "instance metadata");
	ret->source = xasprintf("instance role %s", role);
	*ret_found = true;
	return true;
}

char *aws_region_from_metadata(const struct aws_settings *settings, struct http_client *http)
{
	if (is_disabled())
		return NULL;
	AUTO(metadata_clear) struct metadata metadata = {0};
	if (!metadata_open(settings, http, &metadata, NULL))
		return NULL;
	return get(&metadata, "/latest/meta-data/placement/region");
}
