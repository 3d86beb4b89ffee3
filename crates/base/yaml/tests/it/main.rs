//! How texts are read. Every expected value is what sigs.k8s.io/yaml 1.4.0 or gopkg.in/yaml.v3 3.0.1 gave for the
//! same text.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod scalars;
