//! What Prometheus calls process metrics, read when they are scraped.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Registry};

pub(super) fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(ResidentMemory {
        gauge: Gauge::new("process_resident_memory_bytes", "Resident memory size in bytes.")?,
    }))
}

struct ResidentMemory {
    gauge: Gauge,
}

impl Collector for ResidentMemory {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        if let Some(bytes) = resident_bytes() {
            self.gauge.set(bytes as f64);
        }
        self.gauge.collect()
    }
}

/// The resident set of this process; nothing where the system does not say.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
