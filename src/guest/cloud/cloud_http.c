/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_http.h"

#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/cloud/cloud_answer.h"
#include "guest/cloud/cloud_dns.h"

#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"
#define STANDARD_MS  20000
#define MAX_ANSWER   ((size_t)20 << 20)
#define MAX_REQUEST  ((size_t)64 << 10)

struct connection {
	int fd;
	uint64_t deadline_ms;
	bool is_tls;
	bool is_unverified; /* any certificate will do */
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_x509_crt roots;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
};

/* From 3 on TLS 1.3 takes its ciphers from PSA, which wants to be begun; twice does no harm. */
static bool begin_ciphers(void)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
	return psa_crypto_init() == PSA_SUCCESS;
#else
	return true;
#endif
}

/* TLS 1.2 at least. */
static void refuse_old_tls(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
	mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
				     MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

static void open_tls_state(struct connection *connection)
{
	mbedtls_ssl_init(&connection->ssl);
	mbedtls_ssl_config_init(&connection->config);
	mbedtls_x509_crt_init(&connection->roots);
	mbedtls_entropy_init(&connection->entropy);
	mbedtls_ctr_drbg_init(&connection->random);
}

static void close_connection(struct connection *connection)
{
	if (connection->is_tls) {
		mbedtls_ssl_free(&connection->ssl);
		mbedtls_ssl_config_free(&connection->config);
		mbedtls_x509_crt_free(&connection->roots);
		mbedtls_ctr_drbg_free(&connection->random);
		mbedtls_entropy_free(&connection->entropy);
	}
	auto_close(&connection->fd);
}

/* Waits for the socket; false when the time is over. */
static bool wait_for(const struct connection *connection, short events)
{
	uint64_t now = clock_monotonic_ms();
	struct pollfd wait = {.fd = connection->fd, .events = events};
	if (now >= connection->deadline_ms)
		return false;
	return poll(&wait, 1, (int)(connection->deadline_ms - now)) > 0;
}

static int tls_send(void *arg, const unsigned char *bytes, size_t size)
{
	const struct connection *connection = arg;
	if (!wait_for(connection, POLLOUT))
		return MBEDTLS_ERR_SSL_TIMEOUT;
	ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL);
	return sent < 0 ? MBEDTLS_ERR_NET_SEND_FAILED : (int)sent;
}

static int tls_receive(void *arg, unsigned char *bytes, size_t size)
{
	const struct connection *connection = arg;
	if (!wait_for(connection, POLLIN))
		return MBEDTLS_ERR_SSL_TIMEOUT;
	ssize_t got = recv(connection->fd, bytes, size, 0);
	return got < 0 ? MBEDTLS_ERR_NET_RECV_FAILED : (int)got;
}

static bool tls_failed(int code, const char *host, struct error *err)
{
	char text[160] = "";
	mbedtls_strerror(code, text, sizeof(text));
	return error_set(err, ERROR_NETWORK, "TLS with %s: %s", host, text);
}

static bool begin_tls(struct connection *connection, const char *host, struct error *err)
{
	open_tls_state(connection);
	connection->is_tls = true;
	if (!begin_ciphers())
		return error_set(err, ERROR_SYSTEM, "TLS with %s: no ciphers", host);
	int code = mbedtls_ctr_drbg_seed(&connection->random, mbedtls_entropy_func,
					 &connection->entropy, NULL, 0);
	if (code == 0 && !connection->is_unverified)
		code = mbedtls_x509_crt_parse_file(&connection->roots, CERTIFICATES);
	if (code >= 0)
		code = mbedtls_ssl_config_defaults(&connection->config, MBEDTLS_SSL_IS_CLIENT,
						   MBEDTLS_SSL_TRANSPORT_STREAM,
						   MBEDTLS_SSL_PRESET_DEFAULT);
	if (code != 0)
		return tls_failed(code, host, err);
	mbedtls_ssl_conf_authmode(&connection->config, connection->is_unverified
							       ? MBEDTLS_SSL_VERIFY_NONE
							       : MBEDTLS_SSL_VERIFY_REQUIRED);
	refuse_old_tls(&connection->config);
	mbedtls_ssl_conf_ca_chain(&connection->config, &connection->roots, NULL);
	mbedtls_ssl_conf_rng(&connection->config, mbedtls_ctr_drbg_random, &connection->random);
	code = mbedtls_ssl_setup(&connection->ssl, &connection->config);
	if (code == 0)
		code = mbedtls_ssl_set_hostname(&connection->ssl, host);
	mbedtls_ssl_set_bio(&connection->ssl, connection, tls_send, tls_receive, NULL);
	if (code == 0)
		code = mbedtls_ssl_handshake(&connection->ssl);
	return code == 0 || tls_failed(code, host, err);
}

static bool connect_to(struct connection *connection, const struct cloud_url *url,
		       struct error *err)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(url->port)};
	if (!cloud_dns_find(url->host, &to.sin_addr, err))
		return false;
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->fd < 0)
		return error_set_errno(err, errno, "socket");
	if (connect(connection->fd, (const struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		return error_set_errno(err, errno, "connecting to %s", url->host);
	int failed = ETIMEDOUT;
	socklen_t size = sizeof(failed);
	if (wait_for(connection, POLLOUT))
		(void)getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
	if (failed != 0)
		return error_set_errno(err, failed, "connecting to %s", url->host);
	return !url->is_tls || begin_tls(connection, url->host, err);
}

static bool send_all(struct connection *connection, const char *bytes, size_t size,
		     struct error *err)
{
	while (size > 0) {
		int sent = connection->is_tls
				   ? mbedtls_ssl_write(&connection->ssl,
						       (const unsigned char *)bytes, size)
				   : tls_send(connection, (const unsigned char *)bytes, size);
		if (sent <= 0)
			return error_set(err, ERROR_NETWORK, "sending failed");
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool receive_all(struct connection *connection, struct strbuf *ret, struct error *err)
{
	unsigned char buffer[8192];
	for (;;) {
		int got = connection->is_tls
				  ? mbedtls_ssl_read(&connection->ssl, buffer, sizeof(buffer))
				  : tls_receive(connection, buffer, sizeof(buffer));
		if (got == 0 || got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
			return true;
		if (got == MBEDTLS_ERR_SSL_TIMEOUT)
			return error_set(err, ERROR_TIMEOUT, "no answer in time");
		if (got < 0)
			return error_set(err, ERROR_NETWORK, "receiving failed");
		strbuf_append_bytes(ret, buffer, (size_t)got);
		if (cloud_answer_is_whole(strbuf_text(ret), ret->size))
			return true;
		if (ret->is_cut)
			return error_set(err, ERROR_INVALID, "the answer is too long");
	}
}

static void make_head(const struct cloud_request *request, const struct cloud_url *url,
		      struct strbuf *ret)
{
	strbuf_appendf(ret, "%s %s HTTP/1.1\r\nHost: %s", request->method, url->path, url->host);
	if (url->port != (url->is_tls ? 443 : 80))
		strbuf_appendf(ret, ":%u", url->port);
	strbuf_appendf(ret, "\r\nConnection: close\r\nContent-Length: %zu\r\n", request->body_size);
	for (size_t i = 0; request->headers != NULL && i < request->headers->count; i++)
		strbuf_appendf(ret, "%s\r\n", request->headers->items[i]);
	strbuf_append(ret, "\r\n");
}

bool cloud_http(const struct cloud_request *request, struct cloud_answer *ret, struct error *err)
{
	AUTO(cloud_url_clear) struct cloud_url url = {0};
	AUTO(close_connection) struct connection connection = {.fd = -1};
	AUTO(strbuf_clear) struct strbuf head = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_MAX(MAX_ANSWER);
	if (!cloud_url_parse(request->url, &url, err))
		return false;
	connection.deadline_ms = clock_monotonic_ms() +
				 (request->timeout_ms > 0 ? request->timeout_ms : STANDARD_MS);
	make_head(request, &url, &head);
	return connect_to(&connection, &url, err) &&
	       send_all(&connection, head.data, head.size, err) &&
	       send_all(&connection, request->body, request->body_size, err) &&
	       receive_all(&connection, &answer, err) &&
	       cloud_answer_parse(strbuf_text(&answer), answer.size, ret, err);
}

/* The bytes of a request whose head ends with an empty line. */
static bool read_request(int fd, struct strbuf *ret, struct error *err)
{
	char buffer[4096];
	while (strstr(strbuf_text(ret), "\r\n\r\n") == NULL) {
		ssize_t got = read(fd, buffer, sizeof(buffer));
		if (got <= 0 || ret->is_cut)
			return error_set(err, ERROR_INVALID, "no whole request came");
		strbuf_append_bytes(ret, buffer, (size_t)got);
	}
	return true;
}

bool cloud_tls_relay(const char *host, uint16_t port, int fd, struct error *err)
{
	AUTO_FREE char *name = xstrdup(host);
	const struct cloud_url url = {.is_tls = true, .host = name, .port = port};
	AUTO(close_connection)
	struct connection connection = {
		.fd = -1, .deadline_ms = clock_monotonic_ms() + STANDARD_MS, .is_unverified = true};
	AUTO(strbuf_clear) struct strbuf request = STRBUF_MAX(MAX_REQUEST);
	if (!read_request(fd, &request, err) || !connect_to(&connection, &url, err) ||
	    !send_all(&connection, request.data, request.size, err))
		return false;
	unsigned char buffer[4096];
	int got = 1;
	while (got > 0) {
		got = mbedtls_ssl_read(&connection.ssl, buffer, sizeof(buffer));
		if (got > 0 && !fd_write_all(fd, buffer, (size_t)got, err))
			return false;
	}
	return true;
}
