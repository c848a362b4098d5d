"""A server of ours and a Next.js application, side by side under the same load: ``make bench-served``."""
