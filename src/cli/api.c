/* SPDX-License-Identifier: Apache-2.0 */
/* See api.h. Prints nothing. Trusts nothing of the answer beyond its being JSON. */
#include "cli/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "net/http_client.h"

static int read_token(struct hr_api *api, struct hr_err *reterr)
{
	const char *path = api->token_file != NULL ? api->token_file
						   : getenv("HEADROOM_TOKEN_FILE");
	char *text = NULL;
	size_t n;

	if (path == NULL || path[0] == '\0')
		path = HR_API_TOKEN_FILE;
	int rc = hr_file_slurp(path, sizeof(api->token) - 1, &text, &n, reterr);

	if (rc < 0) {
		(void)hr_err_prefix(reterr, "a token is needed to change anything");
		return reterr->code = -EACCES;
	}
	snprintf(api->token, sizeof(api->token), "%.*s", (int)strcspn(text, "\r\n"), text);
	free(text);
	if (api->token[0] == '\0')
		return hr_err_set(reterr, -EINVAL, "the first line of the token file %s is empty",
				  path);
	return 0;
}

int hr_api_init(struct hr_api *api, bool with_token, struct hr_err *reterr)
{
	const char *url = api->url_text != NULL ? api->url_text : getenv("HEADROOM_URL");

	if (url == NULL || url[0] == '\0')
		url = HR_API_URL;
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (n >= sizeof(api->url))
		return hr_err_set(reterr, -EINVAL, "the URL of the controller is too long");
	snprintf(api->url, sizeof(api->url), "%.*s", (int)n, url);
	return with_token ? read_token(api, reterr) : 0;
}

static int error_of(unsigned status, const json_t *o, const struct hr_api *api,
		    struct hr_err *reterr)
{
	const char *text = json_string_value(
	    json_object_get(json_object_get(o, "error"), "message"));
	int rc = -EPROTO;

	if (status == 400)
		rc = -EINVAL;
	else if (status == 401 || status == 403)
		rc = -EACCES;
	else if (status == 404)
		rc = -ENOENT;
	else if (status == 409)
		rc = -ENOSPC;
	if (text == NULL)
		return hr_err_set(reterr, rc, "%s answered with status %u: is it a controller?",
				  api->url, status);
	return hr_err_set(reterr, rc, "%s", text);
}

int hr_api_call(const struct hr_api *api, const char *method, const char *path, const json_t *body,
		json_t **ret, struct hr_err *reterr)
{
	char url[1024];
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct hr_http_client_response r = {0};
	struct hr_http_client_request q = {
	    .method = method,
	    .url = url,
	    .bearer = api->token[0] != '\0' ? api->token : NULL,
	    .ca_file = api->ca_file,
	    .body = text,
	    .body_size = text != NULL ? strlen(text) : 0,
	    .timeout_ms = api->timeout_ms,
	};
	int rc = 0;

	*ret = NULL;
	if ((size_t)snprintf(url, sizeof(url), "%s%s", api->url, path) >= sizeof(url))
		rc = hr_err_set(reterr, -EINVAL, "the name is too long");
	if (rc == 0)
		rc = hr_http_client_perform(&q, &r, reterr);
	free(text);
	if (rc < 0)
		return rc;
	unsigned status = r.status;
	json_t *o = json_loadb(r.body, r.size, 0, NULL);

	hr_http_client_response_done(&r);
	if (status >= 400) {
		rc = error_of(status, o, api, reterr);
	} else if (o == NULL) {
		rc = hr_err_set(reterr, -EPROTO, "%s did not answer with JSON: is it a controller?",
				api->url);
	} else {
		*ret = json_incref(o);
	}
	json_decref(o);
	return rc;
}
