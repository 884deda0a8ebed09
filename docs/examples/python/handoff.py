"""A small client of Handoff's partner API: Python 3.8 or later, nothing but its standard library. Copy this file.

    handoff = Handoff.from_environment()
    link = handoff.create_sso_link("/dashboard/patients/1234", user_id="usr_…")
    return redirect(link["redirect_url"], code=303)

It runs on your server. The two secrets must never reach a page or an app.
"""

import http.client
import json
import os
import random
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

PASSING = {429, 500, 502, 503, 504}
LONGEST_RETRY_AFTER_SECONDS = 30


class HandoffError(Exception):
    """The API refused, or gave no usable answer. Decide by `slug`, never by the wording of `detail`.

    It holds what the API said and nothing of what was sent, so that it may be logged. `status` is None when no answer came.
    """

    def __init__(self, slug, detail, status=None, request_id=None, code=None, validation=(), retry_after=None):
        super().__init__("{} ({})".format(detail, ", ".join(str(fact) for fact in (status, slug, request_id) if fact)))
        self.slug = slug
        self.detail = detail
        self.status = status
        self.request_id = request_id
        self.code = code
        self.validation = list(validation)
        self.retry_after = retry_after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection is not followed: the secrets would go along."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


def _parse(body):
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _error(status, headers, body):
    answer = _parse(body)
    problem = answer.get("error")
    problem = problem if isinstance(problem, dict) else answer
    slug = str(problem.get("type") or "").rsplit("/", 1)[-1]
    after = headers.get("retry-after") or ""
    return HandoffError(
        slug or "unexpected-answer",
        problem.get("detail") or "The answer is not one of the partner API",
        status=status,
        request_id=answer.get("requestId") or headers.get("x-request-id"),
        code=answer.get("code"),
        validation=problem.get("validation") or (),
        retry_after=int(after) if after.isdigit() else None,
    )


class Handoff:
    def __init__(self, base_url, partner_id, partner_secret, organization_id, organization_secret, timeout=10, retries=2):
        url = urllib.parse.urlsplit(base_url)
        if url.scheme != "https" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("base_url must begin with https://")
        self._base_url = base_url.rstrip("/")
        self._organization_id = organization_id
        self._organization_secret = organization_secret
        self._partner_headers = {
            "x-partner-id": partner_id,
            "x-partner-secret": partner_secret,
            "x-organization-id": organization_id,
            "x-organization-secret": organization_secret,
        }
        for name, value in self._partner_headers.items():
            # Here, because http.client quotes a header that it refuses.
            if not re.fullmatch(r"[\x21-\x7e]+", value or ""):
                raise ValueError(name + " must be visible ASCII without spaces (did a line break come with it?)")
        self._timeout = timeout
        self._retries = retries
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._lock = threading.Lock()
        self._token = None
        self._renew_at = 0.0

    def __repr__(self):
        return "<Handoff {}>".format(self._organization_id)

    @classmethod
    def from_environment(cls):
        names = ("API_URL", "PARTNER_ID", "PARTNER_SECRET", "ORGANIZATION_ID", "ORGANIZATION_SECRET")
        missing = ["HANDOFF_" + name for name in names if not os.environ.get("HANDOFF_" + name)]
        if missing:
            raise ValueError("Set " + ", ".join(missing))
        return cls(*(os.environ["HANDOFF_" + name] for name in names))

    # Links and receipts

    def create_sso_link(self, redirect_path, user_id=None, partner_user_id=None):
        """A link that signs one user in to one page: ask when the button is pressed. Give one of the two ids."""
        if (user_id is None) == (partner_user_id is None):
            raise ValueError("Give either user_id or partner_user_id")
        user = {"x-user-id": user_id} if partner_user_id is None else {"x-partner-user-id": partner_user_id}
        answer = self._as_partner("POST", "/v1/sso", headers=user, body={"redirect_path": redirect_path})
        link = answer["data"]
        # The page will open it: a javascript: address, say, must not get there.
        if urllib.parse.urlsplit(link["redirect_url"]).scheme not in ("http", "https"):
            raise HandoffError("unexpected-answer", "The redirect_url of the answer is not a web address", 200)
        return dict(link, request_id=answer["requestId"])

    def get_attempt(self, request_id):
        """What became of a link, or why there was none."""
        return self._as_partner("GET", "/v1/sso/attempts/" + _segment(request_id))["data"]

    def revoke_attempt(self, request_id):
        return self._as_partner("DELETE", "/v1/sso/attempts/" + _segment(request_id))["data"]

    # Users

    def create_user(self, user, idempotency_key=None):
        key = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
        return self._as_bearer("POST", "/users", headers=key, body=user)["data"]

    def get_user(self, user_id):
        return self._as_bearer("GET", "/users/" + _segment(user_id))["data"]

    def list_users(self, **filters):
        """All of them, page after page; filters: email, partner_user_id, limit."""
        last_key = None
        while True:
            query = dict(filters, lastKey=last_key) if last_key else filters
            answer = self._as_bearer("GET", "/users" + ("?" + urllib.parse.urlencode(query) if query else ""))
            yield from answer["data"]
            last_key = answer["pagination"]["lastKey"]
            if not answer["pagination"]["hasNext"] or last_key is None:
                return

    def update_user(self, user_id, changes):
        return self._as_bearer("PUT", "/users/" + _segment(user_id), body=changes)["data"]

    def disable_user(self, user_id):
        return self._as_bearer("PUT", "/users/" + _segment(user_id) + "/disable")["data"]

    def delete_user(self, user_id):
        self._as_bearer("DELETE", "/users/" + _segment(user_id))

    # How it is sent

    def _as_partner(self, method, path, headers=None, body=None):
        return self._send(method, path, dict(headers or {}, **self._partner_headers), body)

    def _as_bearer(self, method, path, headers=None, body=None):
        path = "/v1/organizations/" + _segment(self._organization_id) + path
        for is_second in (False, True):
            token = self._access_token()
            own = {"authorization": "Bearer " + token, "x-organization-secret": self._organization_secret}
            try:
                return self._send(method, path, dict(headers or {}, **own), body)
            except HandoffError as error:
                if is_second or error.status != 401 or error.detail != "invalid token":
                    raise
                with self._lock:
                    if self._token == token:
                        self._token = None

    def _access_token(self):
        # One thread asks, the others wait for it.
        with self._lock:
            if self._token is None or time.monotonic() >= self._renew_at:
                start = time.monotonic()
                data = self._as_partner("POST", "/v1/token", body={"grantType": "client_credentials"})["data"]
                self._token = data["accessToken"]
                self._renew_at = start + data["expiresIn"] - 60
            return self._token

    def _send(self, method, path, headers, body):
        tries = 0
        while True:
            try:
                return self._try(method, path, headers, body)
            except HandoffError as error:
                passing = error.status in PASSING or error.slug in ("connection-failed", "idempotency-key-in-use")
                wait = error.retry_after or 0
                if not passing or tries >= self._retries or wait > LONGEST_RETRY_AFTER_SECONDS:
                    raise
                # Full jitter: clients that failed together come back apart.
                time.sleep(wait + random.uniform(0, min(8.0, 0.25 * 2**tries)))
                tries += 1

    def _try(self, method, path, headers, body):
        headers = dict(headers, accept="application/json")
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        request = urllib.request.Request(self._base_url + path, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                status, headers, text = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _error(error.code, error.headers, error.read()) from None
        except (OSError, http.client.HTTPException):
            # `from None`: the cause may quote the request.
            raise HandoffError("connection-failed", "No answer from the API") from None
        answer = _parse(text)
        if status != 204 and answer.get("success") is not True:
            raise _error(status, headers, b"")
        return answer


def _segment(value):
    """A path segment with nothing in it that could lead elsewhere."""
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise ValueError("An id must be a string that is not empty")
    return urllib.parse.quote(value, safe="")
