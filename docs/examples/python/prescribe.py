"""A back end with one route, on the standard library: POST /prescribe leads the clinician to the patient's page.

    HANDOFF_API_URL=… HANDOFF_PARTNER_ID=… (and so on) HANDOFF_USER_ID=… PORT=8789 python3 prescribe.py
"""

import json
import os
import re
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from handoff import Handoff, HandoffError

# Stands in for your own sign-in. Who is asking comes from your session, never from what the page sends.
CLINICIANS = {"sample-clinician": os.environ.get("HANDOFF_USER_ID", "")}

NO_ACCESS = {"user-not-found", "user-suspended"}
PASSING = {"connection-failed", "too-many-requests", "internal-error", "service-unavailable"}


def tell(error):
    """Status and sentence for the clinician; the cause goes to the log."""
    facts = {"event": "handoff_failed", "slug": error.slug, "status": error.status, "request_id": error.request_id}
    print(json.dumps(facts), file=sys.stderr, flush=True)
    reference = " Reference: {}".format(error.request_id) if error.request_id else ""
    if error.slug in NO_ACCESS:
        return 403, "You have no access to the portal. Please ask your clinic's administrator." + reference
    if error.slug in PASSING:
        return 503, "The portal does not answer. Please try again in a minute." + reference
    return 500, "The portal could not be opened." + reference


class Prescribe(BaseHTTPRequestHandler):
    handoff = None

    def do_POST(self):
        form = self.rfile.read(min(int(self.headers.get("content-length") or 0), 10_000)).decode()
        session = re.search(r"(?:^|;\s*)practice_session=([\w-]+)", self.headers.get("cookie") or "")
        user_id = CLINICIANS.get(session.group(1)) if session else None
        if self.path != "/prescribe":
            return self.answer(404, "There is nothing here.")
        if not user_id:
            return self.answer(403, "You may not prescribe.")
        patient_id = urllib.parse.parse_qs(form).get("patient_id", [""])[0]
        # Encoded, so that it cannot change the rest of the path.
        path = "/dashboard/patients/" + urllib.parse.quote(patient_id, safe="") if patient_id else "/dashboard"
        try:
            link = self.handoff.create_sso_link(path, user_id=user_id)
        except HandoffError as error:
            return self.answer(*tell(error))
        return self.answer(303, "", location=link["redirect_url"])

    def answer(self, status, text, location=None):
        body = text.encode()
        self.send_response(status)
        # The link signs in whoever opens it: it is for this browser alone.
        self.send_header("cache-control", "no-store")
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        if location is not None:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: a line of access log is your server's matter."""


if __name__ == "__main__":
    Prescribe.handoff = Handoff.from_environment()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8789"))), Prescribe)
    print("http://127.0.0.1:{}".format(server.server_port), flush=True)
    server.serve_forever()
