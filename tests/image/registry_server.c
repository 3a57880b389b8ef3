/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

#define TOKEN "the-token"

static void send_all(const struct registry_server *server, int fd, const char *bytes, size_t size)
{
	while (size > 0 && !server->is_over) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		size -= (size_t)sent;
	}
}

static void answer(const struct registry_server *server, int fd, const char *status,
		   const char *headers, const char *body)
{
	AUTO_FREE char *text =
		xasprintf("HTTP/1.1 %s\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
			  status, headers, strlen(body), body);
	send_all(server, fd, text, strlen(text));
}

/* The value of a header in a request, owned; NULL: not there. */
static char *header(const char *request, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = strstr(request, "\r\n"); line != NULL;
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
			const char *value = line + 3 + length + strspn(line + 3 + length, " ");
			return xstrndup(value, strcspn(value, "\r"));
		}
	}
	return NULL;
}

/* https://distribution.github.io/distribution/spec/auth/token/ */
static void give_token(struct registry_server *server, int fd, const char *request)
{
	AUTO_FREE char *sent = header(request, "Authorization");
	AUTO_FREE char *wanted = xasprintf("Basic %s", server->login ? server->login : "");
	server->tokens++;
	if (strstr(request, "service=here") == NULL ||
	    strstr(request, "scope=repository%3Aapp%3Apull") == NULL)
		answer(server, fd, "400 Bad Request", "", "");
	else if (server->login != NULL && (sent == NULL || strcmp(sent, wanted) != 0))
		answer(server, fd, "401 Unauthorized", "", "");
	else
		answer(server, fd, "200 OK", "", "{\"token\":\"" TOKEN "\"}");
}

static bool may_go_on(const struct registry_server *server, int fd, const char *request)
{
	AUTO_FREE char *sent = header(request, "Authorization");
	if (!server->wants_token || (sent != NULL && strcmp(sent, "Bearer " TOKEN) == 0))
		return true;
	AUTO_FREE char *challenge = xasprintf(
		"WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%u/token\",service=\"here\","
		"scope=\"repository:app:pull\"\r\n",
		server->port);
	answer(server, fd, "401 Unauthorized", challenge,
	       "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"log in first\"}]}");
	return false;
}

static void send_bytes(struct registry_server *server, int fd, const struct served *blob,
		       size_t from)
{
	size_t end = blob->size;
	if (!blob->is_manifest && server->cut_blobs > 0) {
		server->cut_blobs--;
		end = from + (blob->size - from) / 2;
	}
	for (size_t at = from; at < end && server->drip_ms > 0 && !server->is_over; at++) {
		send_all(server, fd, blob->bytes + at, 1);
		(void)poll(NULL, 0, (int)server->drip_ms);
	}
	if (server->drip_ms > 0)
		return;
	bool is_false = server->is_lying && !blob->is_manifest && end == blob->size;
	send_all(server, fd, blob->bytes + from, end - from - (is_false ? 1 : 0));
	if (is_false)
		send_all(server, fd, "!", 1);
}

static void serve(struct registry_server *server, int fd, const char *request,
		  const struct served *blob, bool is_head)
{
	AUTO_FREE char *range = header(request, "Range");
	uint64_t from = 0;
	if (range != NULL && !server->ignores_ranges && strncmp(range, "bytes=", 6) == 0) {
		range[strlen(range) - 1] = '\0'; /* the '-' of an open one */
		if (!parse_u64(range + 6, 0, blob->size, &from))
			from = 0;
		server->ranges++;
	}
	AUTO_FREE char *head = xasprintf("HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: %s\r\n"
					 "Docker-Content-Digest: %s\r\nContent-Length: %zu\r\n\r\n",
					 from > 0 ? "206 Partial Content" : "200 OK", blob->type,
					 blob->digest, blob->size - (size_t)from);
	send_all(server, fd, head, strlen(head));
	if (!is_head)
		send_bytes(server, fd, blob, (size_t)from);
}

static const struct served *find(const struct registry_server *server, const char *path)
{
	bool is_manifest = strncmp(path, "/v2/app/manifests/", 18) == 0;
	if (!is_manifest && strncmp(path, "/v2/app/blobs/", 14) != 0)
		return NULL;
	const char *name = strrchr(path, '/') + 1;
	if (is_manifest && strcmp(name, "1") == 0)
		name = server->top;
	for (size_t i = 0; i < server->blob_count; i++) {
		const struct served *blob = &server->blobs[i];
		if (blob->is_manifest == is_manifest && strcmp(blob->digest, name) == 0)
			return blob;
	}
	return NULL;
}

static void handle(struct registry_server *server, int fd, char *request)
{
	bool is_head = strncmp(request, "HEAD ", 5) == 0;
	/* A TLS greeting, for one: https is tried first. */
	if (!is_head && strncmp(request, "GET ", 4) != 0)
		return;
	char *start = strchr(request, ' ') + 1;
	AUTO_FREE char *path = xstrndup(start, strcspn(start, " ?"));
	server->requests++;
	server->heads += is_head ? 1 : 0;
	if (strcmp(path, "/token") == 0) {
		give_token(server, fd, request);
	} else if (server->fail_503 > 0) {
		server->fail_503--;
		answer(server, fd, "503 Service Unavailable", "Retry-After: 0\r\n", "");
	} else if (may_go_on(server, fd, request)) {
		const struct served *blob = find(server, path);
		if (blob != NULL)
			serve(server, fd, request, blob, is_head);
		else
			answer(server, fd, "404 Not Found", "",
			       "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}");
	}
}

static void *run(void *arg)
{
	struct registry_server *server = arg;
	while (!server->is_over) {
		AUTO_CLOSE int fd = accept(server->fd, NULL, NULL);
		char request[8192];
		size_t size = 0;
		while (fd >= 0 && size + 1 < sizeof(request)) {
			ssize_t got = recv(fd, request + size, sizeof(request) - 1 - size, 0);
			if (got <= 0)
				break;
			size += (size_t)got;
			request[size] = '\0';
			if (request[0] == 0x16 || strstr(request, "\r\n\r\n") != NULL)
				break;
		}
		if (size > 0)
			handle(server, fd, request);
	}
	return NULL;
}

void registry_server_start(struct registry_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->fd, (struct sockaddr *)&address, size) < 0 || listen(server->fd, 64) < 0 ||
	    getsockname(server->fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	server->port = ntohs(address.sin_port);
	if (pthread_create(&server->thread, NULL, run, server) != 0)
		abort();
}

void registry_server_stop(struct registry_server *server)
{
	server->is_over = true;
	(void)shutdown(server->fd, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	for (size_t i = 0; i < server->blob_count; i++)
		free(server->blobs[i].bytes);
}

const char *registry_server_add(struct registry_server *server, const char *type, bool is_manifest,
				const void *bytes, size_t size)
{
	struct served *blob = &server->blobs[server->blob_count];
	if (server->blob_count == SERVER_BLOBS)
		abort();
	blob->bytes = xmemdup(bytes, size);
	blob->size = size;
	blob->type = type;
	blob->is_manifest = is_manifest;
	struct digest digest = sha256_digest(bytes, size);
	server->blob_count++;
	return digest_text(&digest, blob->digest);
}

void registry_server_add_image(struct registry_server *server, const void *layer, size_t size)
{
	const char *layer_digest =
		registry_server_add(server, "application/octet-stream", false, layer, size);
	AUTO_FREE char *config =
		xasprintf("{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":"
			  "{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
			  layer_digest);
	const char *config_digest = registry_server_add(server, "application/octet-stream", false,
							config, strlen(config));
	AUTO_FREE char *manifest = xasprintf(
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config."
		"v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
		"\"application/"
		"vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
		config_digest, strlen(config), layer_digest, size);
	memcpy(server->top,
	       registry_server_add(server, "application/vnd.oci.image.manifest.v1+json", true,
				   manifest, strlen(manifest)),
	       DIGEST_SIZE);
}
