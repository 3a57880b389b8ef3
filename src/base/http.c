/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/http_transfer.h"
#include "base/log.h"
#include "base/url.h"

struct http_client {
	CURLM *multi;
	unsigned max_parallel;
	struct transfer *queue;
	struct transfer **queue_end;
	struct transfer *running;
	size_t running_count;
	size_t queued_count;
};

struct http_client *http_client_new(unsigned max_parallel)
{
	struct http_client *client = xcalloc(1, sizeof(*client));
	/* Counts its calls itself; never undone, libcurl is needed until the process ends. */
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		abort();
	client->queue_end = &client->queue;
	http_client_set_parallel(client, max_parallel);
	return client;
}

void http_client_set_parallel(struct http_client *client, unsigned max_parallel)
{
	client->max_parallel = max_parallel > 0 ? max_parallel : 1;
	(void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
				(long)client->max_parallel + 4);
}

static void free_list(struct transfer *list)
{
	while (list != NULL) {
		struct transfer *transfer = list;
		list = transfer->next;
		transfer_free(transfer);
	}
}

void http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	free_list(client->running);
	free_list(client->queue);
	(void)curl_multi_cleanup(client->multi);
	free(client);
}

void http_response_clear(struct http_response *response)
{
	string_list_clear(&response->headers);
	free(response->body);
	free(response->final_url);
	*response = (struct http_response){0};
}

const char *http_response_header(const struct http_response *response, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < response->headers.count; i++) {
		const char *line = response->headers.items[i];
		if (strncmp(line, name, length) == 0 && line[length] == ':' &&
		    line[length + 1] == ' ')
			return line + length + 2;
	}
	return NULL;
}

static void unlink_running(struct http_client *client, const struct transfer *transfer)
{
	struct transfer **at = &client->running;
	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
	client->running_count--;
}

static void finish(struct http_client *client, struct transfer *transfer, CURLcode code)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *url = url_public(transfer->request.url);

	unlink_running(client, transfer);
	if (code == CURLE_OK) {
		transfer_fill_response(transfer);
		log_debug("%s %s: %d in %llu us", transfer->request.method, url,
			  transfer->response.status,
			  (unsigned long long)transfer->response.elapsed_us);
		transfer->done(&transfer->response, NULL, transfer->arg);
	} else {
		(void)transfer_report(transfer, code, &err);
		log_debug("%s", err.message);
		transfer->done(&transfer->response, &err, transfer->arg);
	}
	transfer_free(transfer);
}

void http_client_submit(struct http_client *client, const struct http_request *request,
			http_done_fn *done, void *arg)
{
	struct transfer *transfer = transfer_new(request, done, arg);
	*client->queue_end = transfer;
	client->queue_end = &transfer->next;
	client->queued_count++;
}

static void start_queued(struct http_client *client)
{
	while (client->queue != NULL && client->running_count < client->max_parallel) {
		struct transfer *transfer = client->queue;
		client->queue = transfer->next;
		if (client->queue == NULL)
			client->queue_end = &client->queue;
		client->queued_count--;
		transfer->next = client->running;
		client->running = transfer;
		client->running_count++;
		transfer_start(transfer, client->multi);
	}
}

/* Moves all transfers on without waiting; true when at least one ended. */
static bool advance(struct http_client *client)
{
	int still_running = 0;
	int left = 0;
	bool has_ended = false;
	CURLMsg *message;

	start_queued(client);
	(void)curl_multi_perform(client->multi, &still_running);
	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish(client, transfer, code);
		has_ended = true;
	}
	return has_ended;
}

size_t http_client_step(struct http_client *client, int timeout_ms)
{
	if (!advance(client) && client->running_count > 0 && timeout_ms != 0) {
		enum { LONGEST_POLL_MS = 60000 };
		int wait_ms = timeout_ms < 0 ? LONGEST_POLL_MS : timeout_ms;
		(void)curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
		(void)advance(client);
	}
	return client->running_count + client->queued_count;
}

void http_client_run(struct http_client *client)
{
	while (http_client_step(client, -1) > 0)
		continue;
}

struct performed {
	struct http_response *response;
	struct error *err;
	bool is_done;
	bool is_ok;
};

static void on_performed(struct http_response *response, struct error *err, void *arg)
{
	struct performed *performed = arg;
	performed->is_done = true;
	performed->is_ok = err == NULL;
	if (err != NULL) {
		error_move(performed->err, err);
		return;
	}
	*performed->response = *response;
	*response = (struct http_response){0};
}

bool http_perform(struct http_client *client, const struct http_request *request,
		  struct http_response *ret, struct error *err)
{
	struct performed performed = {.response = ret, .err = err};
	http_client_submit(client, request, on_performed, &performed);
	while (!performed.is_done)
		(void)http_client_step(client, -1);
	return performed.is_ok;
}
