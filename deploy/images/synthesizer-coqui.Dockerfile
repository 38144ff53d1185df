# The synthesizer with its production engine, coqui. LOCK is engine-coqui (CPU)
# or, where there is one, its CUDA variant; CUDA's libraries come from PyPI, the driver from the node.
FROM common-build AS build
ARG LOCK=engine-coqui
RUN uv pip install --require-hashes -r /locks/${LOCK}.txt
COPY services/synthesizer services/synthesizer
RUN uv pip install --no-deps --no-build-isolation ./libs/common ./services/synthesizer
# The dynamic loader does not know the folders that NVIDIA's packages put their libraries into.
RUN find /opt/octavia -path '*/nvidia/*/lib' -type d > /opt/octavia/nvidia.conf

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg espeak-ng \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/octavia /opt/octavia
RUN cp /opt/octavia/nvidia.conf /etc/ld.so.conf.d/octavia-nvidia.conf && ldconfig
USER 10001:10001
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility SYNTHESIZER_ENGINE=coqui HF_HUB_OFFLINE=1
ENTRYPOINT ["octavia-synthesizer"]
