/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_container.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/http.h"
#include "base/path.h"
#include "base/url.h"
#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_process.h"

#define CONTAINER_HOST	     "http://169.254.170.2"
#define CONTAINER_TIMEOUT_MS 2000
#define CONTAINER_ATTEMPTS   3
#define MAX_TOKEN_BYTES	     ((size_t)32 * 1024)

/* Only where nobody on the network can listen or answer in its place. */
static bool is_safe_container_url(const char *url)
{
	static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	AUTO(url_clear) struct url parts = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	if (!url_parse(url, &parts, &ignored))
		return false;
	if (parts.is_tls || url_host_is_loopback(parts.host))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (strcmp(parts.host, hosts[i]) == 0)
			return true;
	}
	return false;
}

/* "Authorization: …" for the container endpoint, or *ret NULL. */
static bool container_authorization(char **ret, struct error *err)
{
	const char *file = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *plain = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	AUTO_FREE char *text = xstrdup_or_null(plain);
	size_t size = 0;
	if (file != NULL) {
		free(TAKE_PTR(text));
		if (!file_read(file, MAX_TOKEN_BYTES, &text, &size, err))
			return error_prefix(err, "container authorization token");
	}
	if (text == NULL)
		return true;
	text[strcspn(text, "\r\n")] = '\0';
	*ret = xasprintf("Authorization: %s", text);
	return true;
}

static bool get_container(struct http_client *http, const char *url, const char *authorization,
			  struct http_response *response, struct error *err)
{
	const char *headers[] = {"Accept: application/json", authorization, NULL};
	struct http_request request = {.url = url,
				       .headers = headers,
				       .connect_timeout_ms = CONTAINER_TIMEOUT_MS,
				       .timeout_ms = CONTAINER_TIMEOUT_MS,
				       .max_response_bytes = 65536};
	for (unsigned attempt = 1;; attempt++) {
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_ok = http_perform(http, &request, response, &failure);
		if (is_ok && response->status == 200)
			return true;
		if (is_ok)
			error_set(&failure, ERROR_DENIED, "HTTP %d", response->status);
		if (attempt == CONTAINER_ATTEMPTS)
			return error_move(err, &failure);
		http_response_clear(response);
	}
}

bool aws_credentials_from_container(struct http_client *http, struct aws_credentials *ret,
				    bool *ret_found, struct error *err)
{
	const char *relative = aws_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (relative == NULL && full == NULL)
		return true;
	AUTO_FREE char *url = relative != NULL ? xasprintf(CONTAINER_HOST "%s%s",
							   relative[0] == '/' ? "" : "/", relative)
					       : xstrdup(full);
	if (!is_safe_container_url(url))
		return error_set(err, ERROR_DENIED,
				 "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor this "
				 "machine's own");
	AUTO_FREE char *authorization = NULL;
	if (!container_authorization(&authorization, err))
		return false;
	AUTO(http_response_clear) struct http_response response = {0};
	if (!get_container(http, url, authorization, &response, err) ||
	    !aws_credentials_from_json(response.body, response.body_size, "Token", ret, err))
		return error_prefix(err, "container credentials");
	ret->source = xstrdup("the container endpoint");
	*ret_found = true;
	return true;
}
