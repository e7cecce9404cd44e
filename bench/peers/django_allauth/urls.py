"""django-allauth's own routes, and /hello."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def hello(_request: HttpRequest) -> HttpResponse:
    """The server serves."""
    return HttpResponse("hello")


urlpatterns = [
    path("hello", hello),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),
]
