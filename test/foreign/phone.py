"""A phone written from the wire contract alone, in another language: enrolls, connects, acknowledges and approves.

usage: phone.py <hub origin> <enrollment token> <transport: websocket|polling>
It prints one JSON object a line of what happens, and reads the number to approve with from standard input.
"""
import base64
import hashlib
import json
import sys
import time
import uuid

import requests
import socketio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HUB, ENROLLMENT_TOKEN, TRANSPORT = sys.argv[1:4]


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def b64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk_of(key):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32, "big")), "y": b64url(numbers.y.to_bytes(32, "big"))}


def thumbprint(jwk):
    # RFC 7638: required members only, sorted, no white space.
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    return b64url(hashlib.sha256(canonical.encode()).digest())


def jws(key, header, payload):
    signed = b64url(json.dumps(header).encode()) + "." + b64url(json.dumps(payload).encode())
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def enroll(signing_key, encryption_key):
    encryption_jwk = jwk_of(encryption_key)
    proof = jws(
        signing_key,
        {"alg": "ES256", "typ": "enrollment+jwt"},
        {
            "aud": HUB,
            "enrollment": b64url(hashlib.sha256(ENROLLMENT_TOKEN.encode()).digest()),
            "encryptionKey": thumbprint(encryption_jwk),
        },
    )
    body = {
        "name": "Python phone",
        "platform": "other",
        "signingKey": jwk_of(signing_key),
        "encryptionKey": encryption_jwk,
        "proof": proof,
    }
    reply = requests.post(f"{HUB}/v1/devices", json=body, headers={"Authorization": f"Bearer {ENROLLMENT_TOKEN}"}, timeout=5)
    reply.raise_for_status()
    return reply.json()


def device_token(key, device_id):
    now = int(time.time())
    header = {"alg": "ES256", "typ": "device+jwt", "kid": device_id}
    return jws(key, header, {"iss": device_id, "aud": HUB, "iat": now, "exp": now + 120, "jti": str(uuid.uuid4())})


def decision(key, device_id, prompt, choice, number):
    claims = {"iss": device_id, "aud": HUB, "sub": prompt["id"], "challenge": prompt["challenge"], "decision": choice}
    if number is not None:
        claims["number"] = number
    return jws(key, {"alg": "ES256", "typ": "decision+jwt", "kid": device_id}, claims)


def main():
    signing_key = ec.generate_private_key(ec.SECP256R1())
    encryption_key = ec.generate_private_key(ec.SECP256R1())
    enrolled = enroll(signing_key, encryption_key)
    device_id = enrolled["deviceId"]
    say("enrolled", **enrolled)

    prompts = []
    phone = socketio.Client(reconnection=False)

    @phone.on("prompt", namespace="/device")
    def on_prompt(prompt):
        prompts.append(prompt)
        say("prompt", prompt=prompt)
        return True  # what a handler returns is its acknowledgement

    @phone.on("closed", namespace="/device")
    def on_closed(closed):
        say("closed", closed=closed)

    phone.connect(HUB, namespaces=["/device"], transports=[TRANSPORT], auth={"token": device_token(signing_key, device_id)}, wait_timeout=5)
    say("connected", transport=phone.transport())

    for line in sys.stdin:
        choice, _, number = line.strip().partition(" ")
        if choice == "prompts":
            say("prompts", reply=phone.call("prompts", namespace="/device", timeout=5))
        elif choice == "quit":
            break
        else:
            signed = decision(signing_key, device_id, prompts[-1], choice, number or None)
            say("decided", reply=phone.call("decide", {"decision": signed}, namespace="/device", timeout=5))
    phone.disconnect()


main()
