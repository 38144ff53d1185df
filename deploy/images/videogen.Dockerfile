# Videogen: ffmpeg and a font for the placeholders that it draws itself.
FROM common-build AS build
COPY services/videogen services/videogen
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common "./services/videogen"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-videogen"]
