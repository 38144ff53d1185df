"""The HTTP interface of files; each part has a router of its own."""

from fastapi import APIRouter

from octavia_gateway.files import file_endpoints, result_endpoints
from octavia_gateway.files.direct import endpoints as direct_endpoints
from octavia_gateway.files.tus import endpoints as tus_endpoints

routers: list[APIRouter] = [
    file_endpoints.router,
    tus_endpoints.router,
    direct_endpoints.router,
    result_endpoints.router,
]
