"""Makes accounts with a TOTP secret each. Standard input: [{email, password, secret_text}], the secret in base32."""

import json
import sys

import django

django.setup()

from allauth.mfa.models import Authenticator  # noqa: E402  # models need a Django that is set up
from allauth.mfa.utils import encrypt  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402

people = json.load(sys.stdin)
call_command("migrate", verbosity=0)
User = get_user_model()
password = make_password(people[0]["password"])
User.objects.bulk_create([User(username=person["email"], email=person["email"], password=password) for person in people])
users = {user.username: user for user in User.objects.all()}
Authenticator.objects.bulk_create(
    [
        Authenticator(user=users[person["email"]], type=Authenticator.Type.TOTP, data={"secret": encrypt(person["secret_text"])})
        for person in people
    ]
)
