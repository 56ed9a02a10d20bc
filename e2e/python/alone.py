"""webexpythonsdk, unmodified, in a network where the gateway is all that it can reach.

    python3 alone.py --gateway http://webex_gw:9001
    python3 alone.py --help

What Webex sees of it is for others to look at. One line for each step; ends with 1 at the first deviation.
"""

import argparse
import os
import socket

from webexpythonsdk import WebexAPI

from steps import EMAIL_DOMAIN, Steps, main, same
from walk import DUMMY, answers, people, refused


class Unseen:
    """In the place of the simulator: nothing is known of what it has seen."""

    administrator = f"avery.quinn@{EMAIL_DOMAIN}"

    def last_request(self):
        return None

    def answered(self, after, statuses, **which):
        pass


def walk(options):
    steps = Steps("through the gateway")
    with steps.step("does not find Webex by itself"):
        unknown("webexapis.com")
    api = WebexAPI(access_token=DUMMY, base_url=options.gateway + "/v1/")
    if options.unauthorised:
        nobody_has_signed_in(steps, api)
    else:
        people(steps, Unseen(), api)
        answers(steps, options.gateway, api)
    return Steps("directly"), steps


def nobody_has_signed_in(steps, api):
    with steps.step("is told that nobody has signed in, and what mends it"):
        error = refused(api.people.me, 503)
        same(error.response.headers["X-Webex-Gateway-Error"], "not_authorised")
        same(error.details["action"], "reauthorise")


def unknown(host):
    try:
        found = socket.getaddrinfo(host, 443)
    except socket.gaierror:
        return
    raise AssertionError(f"{host} is {found}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    gateway = os.environ.get("WEBEX_GW_URL")
    parser.add_argument("--gateway", default=gateway, required=gateway is None, help="its address [WEBEX_GW_URL]")
    parser.add_argument("--unauthorised", action="store_true", help="nobody has signed in yet")
    return parser.parse_args()


if __name__ == "__main__":
    main("webexpythonsdk", walk, arguments())
