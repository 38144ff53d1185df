# What every image is made of: `build` has compilers and uv, `runtime` is what is shipped. Versions of Python packages are
# those of requirements/*.txt, and their hashes are checked. PYTHON_IMAGE may name a digest, for the same bytes for ever.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
COPY requirements/bootstrap.txt /locks/
RUN pip install --no-cache-dir --require-hashes -r /locks/bootstrap.txt
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/opt/octavia
RUN uv venv /opt/octavia
COPY requirements/ /locks/
# setuptools, which builds our own packages, and nothing else that the lock does not name.
RUN uv pip install --no-deps --constraint /locks/platform.txt setuptools wheel
WORKDIR /src
COPY libs libs

FROM ${PYTHON_IMAGE} AS runtime
RUN apt-get update \
    && apt-get upgrade -y \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 octavia \
    && useradd --uid 10001 --gid octavia --no-create-home --home-dir /scratch --shell /usr/sbin/nologin octavia \
    && install -d -o octavia -g octavia /scratch
ENV PATH=/opt/octavia/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/scratch HEALTH_HOST=0.0.0.0 \
    HEALTH_PORT=9464 SCRATCH_DIR=/scratch
USER 10001:10001
WORKDIR /scratch
EXPOSE 9464
STOPSIGNAL SIGTERM
