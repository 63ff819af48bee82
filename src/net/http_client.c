/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's easy interface, once per request. No connection is kept.
 * Invariant: *ret is written on success only; a token is in no error sentence.
 */
#include "net/http_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define TIMEOUT_MS 10000L
#define HEADER_BYTES 4200

struct sink {
	char *text;
	size_t size, room;
	bool too_large;
};

static size_t on_data(char *data, size_t one, size_t n, void *ctx)
{
	struct sink *s = ctx;
	n *= one;
	if (n > HR_HTTP_CLIENT_MAX_BYTES - s->size) {
		s->too_large = true;
		return 0;
	}
	if (s->size + n + 1 > s->room) {
		size_t room = s->room ? s->room : 4096;
		while (room < s->size + n + 1)
			room *= 2;
		char *p = realloc(s->text, room);
		if (!p)
			return 0;
		s->text = p;
		s->room = room;
	}
	memcpy(s->text + s->size, data, n);
	s->size += n;
	s->text[s->size] = '\0';
	return n;
}

static int code_of(CURLcode c)
{
	/* The rest of libcurl's hundred codes are of protocols that are switched off. */
	if (c == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	if (c == CURLE_COULDNT_RESOLVE_HOST || c == CURLE_COULDNT_RESOLVE_PROXY ||
	    c == CURLE_COULDNT_CONNECT)
		return -EHOSTUNREACH;
	if (c == CURLE_URL_MALFORMAT || c == CURLE_UNSUPPORTED_PROTOCOL ||
	    c == CURLE_SSL_CACERT_BADFILE)
		return -EINVAL;
	if (c == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	return -EPROTO;
}

/* Adds "name: value"; false if it cannot be (too long, no memory, a line break in it). */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[HEADER_BYTES];
	if (!value)
		return true;
	int n = snprintf(line, sizeof(line), "%s: %s", name, value);
	if (n < 0 || (size_t)n >= sizeof(line) || strpbrk(value, "\r\n"))
		return false;
	struct curl_slist *more = curl_slist_append(*list, line);
	explicit_bzero(line, sizeof(line));
	if (!more)
		return false;
	*list = more;
	return true;
}

static bool add_headers(struct curl_slist **list, const struct hr_http_client_request *q)
{
	char token[HEADER_BYTES - 32];
	bool good = add_header(list, "Accept", q->accept);
	if (good && q->body)
		good = add_header(list, "Content-Type",
				  q->content_type ? q->content_type : "application/json");
	if (good && q->bearer) {
		int n = snprintf(token, sizeof(token), "Bearer %s", q->bearer);
		good = n > 0 && (size_t)n < sizeof(token) &&
		       add_header(list, "Authorization", token);
		explicit_bzero(token, sizeof(token));
	}
	return good;
}

static void set_options(CURL *c, const struct hr_http_client_request *q, struct curl_slist *headers,
			struct sink *sink, char *why)
{
	(void)curl_easy_setopt(c, CURLOPT_URL, q->url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, q->timeout_ms ? q->timeout_ms : TIMEOUT_MS);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, sink);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "headroom/" HR_VERSION);
	if (q->ca_file)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
	if (q->body) {
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_size);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
	}
	/* The roles' addresses are the operator's own: no detour with a token in it. */
	(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (q->method && strcmp(q->method, "HEAD") == 0)
		(void)curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (q->method)
		(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
}

static int perform(CURL *c, const struct hr_http_client_request *q, struct sink *sink,
		   const char *why, unsigned *ret_status, struct hr_err *reterr)
{
	long status = 0;
	CURLcode rc = curl_easy_perform(c);
	if (sink->too_large)
		return hr_err_set(reterr, -EFBIG, "%s answered with more than %d bytes", q->url,
				  HR_HTTP_CLIENT_MAX_BYTES);
	if (rc != CURLE_OK)
		return hr_err_set(reterr, code_of(rc), "no answer from %s: %s", q->url,
				  why[0] ? why : curl_easy_strerror(rc));
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	*ret_status = (unsigned)status;
	return 0;
}

int hr_http_client_perform(const struct hr_http_client_request *q,
			   struct hr_http_client_response *ret, struct hr_err *reterr)
{
	struct curl_slist *headers = NULL;
	struct sink sink = {0};
	char why[CURL_ERROR_SIZE] = "";
	unsigned status = 0;
	int rc;
	CURL *c = curl_easy_init();
	if (!c)
		return hr_err_set(reterr, -ENOMEM, "cannot send a request to %s: no memory",
				  q->url);
	if (!add_headers(&headers, q)) {
		rc = hr_err_set(reterr, -EINVAL,
				"cannot send a request to %s: a header or the token is too long or "
				"has a line break",
				q->url);
	} else {
		set_options(c, q, headers, &sink, why);
		rc = perform(c, q, &sink, why, &status, reterr);
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	if (rc == 0 && !sink.text) {
		sink.text = calloc(1, 1);
		rc = sink.text ? 0 : hr_err_set(reterr, -ENOMEM, "no memory for an answer");
	}
	if (rc < 0)
		free(sink.text);
	else
		*ret = (struct hr_http_client_response){status, sink.text, sink.size};
	return rc;
}

void hr_http_client_response_done(struct hr_http_client_response *r)
{
	free(r->body);
	*r = (struct hr_http_client_response){0};
}
